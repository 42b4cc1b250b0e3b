"""Faults of the machine: a lost disk is tried again, a full one is said on one screen. A user's mistake is neither."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from data.errors import UserError
from tasks.console import log

Result = TypeVar("Result")

TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "EAGAIN", "EBUSY", "EINTR", "ESTALE", "ETIMEDOUT", "ENODEV", "ENXIO", "EREMOTEIO", "ECOMM"),
        *("ECONNRESET", "ECONNABORTED", "ECONNREFUSED", "ENETDOWN", "ENETUNREACH", "ENETRESET", "EHOSTDOWN"),
        *("EHOSTUNREACH", "ENOLINK", "EPROTO", "ENOTCONN"),
    )
    if hasattr(errno, name)
)
"""What disks, and above all network file systems, say of a fault that may be gone a moment later."""
_NO_ROOM = {
    errno.ENOSPC: "no space left on the device",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file as large as the limit allows",
}
_IN_TEXT = re.compile(r"\berrno\s*=?\s*(\d+)", re.IGNORECASE)  # h5py and Arrow name it in the message alone


class MachineError(UserError):
    """A fault of the machine that only the user can mend; what was finished stays."""


def errno_of(error: BaseException) -> int | None:
    """The number of an operating system's error, wherever the library that met it has put it."""
    if not isinstance(error, OSError):
        return None
    if error.errno is not None:
        return error.errno
    named = _IN_TEXT.search(str(error))
    return int(named.group(1)) if named else None


def is_transient(error: BaseException) -> bool:
    """Whether the very same thing may go well a moment later."""
    return errno_of(error) in TRANSIENT


def with_retries(work: Callable[[], Result], *, num_retries: int, first_wait_s: float, label: str) -> Result:
    """Do the work, again after each transient fault, waiting twice as long each time.

    Raises MachineError where there is no room left; any other error as it came.
    """
    for attempt in range(num_retries + 1):
        try:
            return work()
        except OSError as error:
            if errno_of(error) in _NO_ROOM:
                raise _no_room(error) from error
            if not is_transient(error) or attempt == num_retries:
                raise
            wait_s = first_wait_s * 2**attempt
            log.warning("%s: %s; trying again in %g s (%d of %d)", label, error, wait_s, attempt + 1, num_retries)
            time.sleep(wait_s)
    raise AssertionError("the last attempt returns or raises")


def _no_room(error: OSError) -> MachineError:
    number = errno_of(error)
    assert number is not None
    return MachineError(
        expected="room for what is being written",
        found=_NO_ROOM[number],
        where=str(Path(error.filename) if error.filename else error),
        way_out="free some (multigrain gc --dry-run lists what can go), or set [workspace] root to a larger disk",
    )
