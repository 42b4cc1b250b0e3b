"""What the C library does with memory that was freed."""

from __future__ import annotations

import ctypes
import sys

# mallopt's parameters (https://man7.org/linux/man-pages/man3/mallopt.3.html).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_NEVER = -1
_STEP_BYTES = 1 << 26


def keep_what_was_freed() -> None:
    """Keep it for the next step. glibc gives large blocks back, and to have them again cost a step three hundredths.

    Only where the C library is glibc; elsewhere nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_MMAP_MAX, 0)
        library.mallopt(_TRIM_THRESHOLD, _NEVER)
        library.mallopt(_TOP_PAD, _STEP_BYTES)
