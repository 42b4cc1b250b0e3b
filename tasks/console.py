"""What a command says while it works: one line a task, a progress bar on a terminal, one screen for an error."""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import luigi
from tqdm import tqdm

from data.errors import UserError

log = logging.getLogger("multigrain")
_REPORT_EVERY_S = 0.5


class TaskProgress:
    """Passes a task's progress on to a bar on the terminal and to luigi (percentage and status message)."""

    def __init__(self, task: luigi.Task) -> None:
        self._task = task
        self._name = name_of(task)
        self._bar = tqdm(
            total=100,
            desc=self._name,
            leave=False,
            disable=None,
            bar_format="{percentage:3.0f}% |{bar:24}| {elapsed}  {desc}",
        )
        self._last_report = 0.0

    def __call__(self, share: float, message: str) -> None:
        """Take a share in [0, 1] and what is being done; at most two reports a second go out."""
        now = time.monotonic()
        if now - self._last_report < _REPORT_EVERY_S and share < 1.0:
            return
        self._last_report = now
        percentage = min(100, max(0, round(100 * share)))
        self._bar.n = percentage
        self._bar.set_description_str(f"{self._name}: {message}", refresh=True)
        tell(self._task, "set_progress_percentage", percentage)
        tell(self._task, "set_status_message", message)

    def close(self) -> None:
        """Take the bar off the terminal."""
        self._bar.close()


def name_of(task: luigi.Task) -> str:
    """A task's name in messages: its label where it has one, else its family."""
    return str(getattr(task, "label", task.task_family))


def tell(task: luigi.Task, method: str, value: int | str) -> None:
    """Tell luigi's scheduler something of a task; outside of a worker there is none to tell."""
    report: Callable[[int | str], None] | None = getattr(task, method, None)
    if report is not None:
        report(value)


def error_screen(task: str, error: UserError, *, log_file: Path) -> str:
    """One screen: what failed, why, where the log is, and that the same command goes on from here."""
    return (
        f"{task} stopped.\n{error.screen()}\n  log       {log_file}\n"
        "Nothing that was finished is lost: give the same command again once this is mended."
    )


class HideTracebacks(logging.Filter):
    """On the terminal a failure is told once, by us; luigi's own record with its traceback is for the log file."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep all but records that carry an exception."""
        return not record.exc_info


def log_to(file: Path) -> None:
    """Short lines on the terminal, everything in `file`, and every failed task told once on both."""
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = logging.FileHandler(file, encoding="utf-8", delay=True)
    whole.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    levels = {"multigrain": logging.INFO, "luigi-interface": logging.WARNING, "py.warnings": logging.ERROR}
    for name, terminal_level in levels.items():
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setLevel(terminal_level)
        terminal.setFormatter(logging.Formatter("%(message)s"))
        terminal.addFilter(HideTracebacks())
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.handlers = [whole, terminal]
    logging.captureWarnings(True)

    for event in (luigi.Event.FAILURE, luigi.Event.PROCESS_FAILURE, luigi.Event.TIMEOUT):
        luigi.Task.event_handler(event)(functools.partial(_tell_failure, file))


def _tell_failure(log_file: Path, task: luigi.Task, error: BaseException | str) -> None:
    if isinstance(error, UserError):
        log.error(error_screen(name_of(task), error, log_file=log_file))
    else:
        log.error("%s failed: %s\n  log       %s", name_of(task), error, log_file)
