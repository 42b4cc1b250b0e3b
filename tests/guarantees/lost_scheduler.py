"""The toys under a scheduler that stops to answer once work has begun."""

from __future__ import annotations

from typing import Any

from luigi.rpc import RPCError
from luigi.scheduler import Scheduler

import tests.guarantees.toys  # noqa: F401  (registers the toys)


def gone(*_: Any, **__: Any) -> None:
    raise RPCError("luigid is gone")


Scheduler.get_work = gone
