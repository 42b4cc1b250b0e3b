"""How a training or evaluating process speaks with the one that started it: JSON lines on stdout, and its end.

`{"progress": 0.4, "message": "..."}`, or `{"error": {...}}` followed by exit code 2; all else goes to stderr.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from data.errors import UserError
from data.workers import end_with_parent

_EVERY_S = 0.5
EXIT_USER_ERROR = 2


class Reporter:
    """Prints progress, at most twice a second and always at the end."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def __call__(self, share: float, message: str) -> None:
        """Report `share` in [0, 1]."""
        now_s = time.monotonic()
        if now_s >= self._next_s or share >= 1.0:
            self._next_s = now_s + _EVERY_S
            print(json.dumps({"progress": round(share, 4), "message": message}), flush=True)


def main(work: Callable[[str, Reporter], None]) -> NoReturn:
    """Run `work` on the job file named on the command line, and leave with the protocol's exit code."""
    end_with_parent()
    try:
        work(_job_argument(), Reporter())
    except UserError as error:
        fields = ("expected", "found", "where", "way_out")
        print(json.dumps({"error": {name: getattr(error, name) for name in fields}}), flush=True)
        sys.exit(EXIT_USER_ERROR)
    sys.exit(0)


def _job_argument() -> str:
    if len(sys.argv) != 2:
        raise UserError(
            expected="one argument, a job file",
            found=f"{len(sys.argv) - 1} arguments",
            where="the command line",
            way_out="see docs/formats.md, 'A training job'",
        )
    return sys.argv[1]
