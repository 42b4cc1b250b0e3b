"""What a command says while it works: one line a task, a progress bar on a terminal, one screen for an error."""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import luigi
from luigi.rpc import RPCError
from tqdm import tqdm

from data.errors import UserError

log = logging.getLogger("multigrain")
_REPORT_EVERY_S = 0.5
_NUM_CAUSE_LINES = 4
_UNCAUGHT = "Uncaught exception in luigi"  # what luigi.retcodes logs when its own work ends with an error


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
    """Tell luigi's scheduler something of a task; outside of a worker, or where it does not answer, do without."""
    report: Callable[[int | str], None] | None = getattr(task, method, None)
    if report is None:
        return
    try:
        report(value)
    except RPCError as error:
        log.warning("%s: its progress is not shown: %s", name_of(task), error)
        setattr(task, method, None)  # each further try would wait for a minute


def error_screen(task: str, error: BaseException | str, *, log_file: Path, command: str) -> str:
    """One screen: what failed, why, where the log is, and the command that goes on from here."""
    return (
        f"{task} stopped.\n{_cause(error)}\n  log       {log_file}\n  go on     {command}\n"
        "Nothing that was finished is lost: that command goes on from here, once this is mended."
    )


def _cause(error: BaseException | str) -> str:
    if isinstance(error, UserError):
        return error.screen()
    lines = str(error).strip().splitlines() or [""]
    if len(lines) > _NUM_CAUSE_LINES:  # the end of a trainer's log, with its traceback
        lines = [lines[0], lines[-1]]
    kind = "" if isinstance(error, str) else f"{type(error).__name__}: "
    return f"  cause     {kind}" + "\n            ".join(lines)


class HideTracebacks(logging.Filter):
    """On the terminal a failure is told once, by us; luigi's own record with its traceback is for the log file."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep all but records that carry an exception; of one that ends luigi itself nobody else tells."""
        return not record.exc_info or record.exc_info[1] is None or record.msg == _UNCAUGHT


class OnTerminal(logging.Formatter):
    """The message alone; for an exception that ends luigi itself, the screen."""

    def __init__(self, log_file: Path, command: str) -> None:
        super().__init__("%(message)s")
        self._screen = functools.partial(error_screen, "luigi", log_file=log_file, command=command)

    def format(self, record: logging.LogRecord) -> str:
        """The message, or the screen."""
        error = record.exc_info[1] if record.exc_info else None
        return record.getMessage() if error is None else self._screen(error)


class LogFile(logging.FileHandler):
    """The full log; where it cannot be written, that is said once, and the work goes on."""

    def __init__(self, file: Path) -> None:
        super().__init__(file, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._was_said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record. The file is opened with the first, and that may fail too."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Say it, in place of logging's own traceback for every record."""
        if not self._was_said:
            self._was_said = True
            print(f"The log cannot be written: {sys.exc_info()[1]}", file=sys.stderr)


def log_to(file: Path, *, command: str) -> None:
    """Short lines on the terminal, everything in `file`, and every failed task told once on both."""
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = LogFile(file)
    levels = {"multigrain": logging.INFO, "luigi-interface": logging.WARNING, "py.warnings": logging.ERROR}
    for name, terminal_level in levels.items():
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setLevel(terminal_level)
        terminal.setFormatter(OnTerminal(file, command))
        terminal.addFilter(HideTracebacks())
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.handlers = [whole, terminal]
    logging.captureWarnings(True)

    tell_failure = functools.partial(_tell_failure, log_file=file, command=command)
    for event in (luigi.Event.FAILURE, luigi.Event.PROCESS_FAILURE, luigi.Event.TIMEOUT):
        luigi.Task.event_handler(event)(tell_failure)


def _tell_failure(task: luigi.Task, error: BaseException | str, *, log_file: Path, command: str) -> None:
    log.error(error_screen(name_of(task), error, log_file=log_file, command=command))
