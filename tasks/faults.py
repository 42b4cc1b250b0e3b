"""Faults of the machine: a lost disk is tried again, a full one is said on one screen. A user's mistake is neither."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable
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
_IN_TEXT = re.compile(r"\b(?:errno\s*=?|os error)\s*(\d+)", re.IGNORECASE)
"""HDF5 and Arrow (`errno = 5`, `[errno 5]`), tokenizers and safetensors (`os error 5`) name it in the message alone."""


class MachineError(UserError):
    """A fault of the machine that only the user can mend; what was finished stays."""


def errno_of(error: BaseException) -> int | None:
    """The number of an operating system's error, wherever the library that met it has put it; the last one named."""
    if isinstance(error, UserError):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    named = _IN_TEXT.findall(str(error))
    return int(named[-1]) if named else None


def is_transient(error: BaseException) -> bool:
    """Whether the very same thing may go well a moment later."""
    return errno_of(error) in TRANSIENT


def with_retries(work: Callable[[], Result], *, num_retries: int, first_wait_s: float, label: str) -> Result:
    """Do the work, again after each transient fault, waiting twice as long each time.

    Raises MachineError where there is no room left or the fault stays; any other error as it came.
    """
    for attempt in range(num_retries + 1):
        try:
            return work()
        except Exception as error:
            if errno_of(error) in _NO_ROOM:
                raise _no_room(error) from error
            if not is_transient(error):
                raise
            if attempt == num_retries:
                raise _stays(error, num_attempts=num_retries + 1) from error
            wait_s = first_wait_s * 2**attempt
            log.warning(
                "%s: %s; trying again in %g s (%d of %d)", label, _said(error), wait_s, attempt + 1, num_retries
            )
            time.sleep(wait_s)
    raise AssertionError("the last attempt returns or raises")


def _no_room(error: Exception) -> MachineError:
    number = errno_of(error)
    assert number is not None
    return MachineError(
        expected="room for what is being written",
        found=_NO_ROOM[number],
        where=_where(error),
        way_out="free some (multigrain gc --dry-run lists what can go), or set [workspace] root to a larger disk",
    )


def _stays(error: Exception, *, num_attempts: int) -> MachineError:
    return MachineError(
        expected="a disk and a network that answer",
        found=f"{_said(error)}; {num_attempts} {'time' if num_attempts == 1 else 'times'}",
        where=_where(error),
        way_out="look after the disk or the network; [workspace] num_retries, retry_wait_s: how long to wait for it",
    )


def _where(error: Exception) -> str:
    filename = getattr(error, "filename", None)
    return str(filename) if filename else _said(error)


def _said(error: Exception) -> str:
    """The last line of what it says: that of a trainer's failure is the error, the lines before are its traceback."""
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
