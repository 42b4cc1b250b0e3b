"""Faults of the machine: which may pass, how long they are waited for, and what is said where they stay."""

from __future__ import annotations

import errno

import pytest

from data.errors import SourceError, UserError
from tasks import faults
from tasks.faults import MachineError

DISK = OSError(errno.EIO, "Input/output error", "/data/pictures.h5")
FULL = OSError(errno.ENOSPC, "No space left on device", "/data/rows.parquet")
MISTAKE = SourceError(expected="whole rows", found="errno = 5", where="rows.txt, row 1", way_out="mend it")


class Work:
    """Work that meets these errors, one each time, and then goes well."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.num_tries = 0

    def __call__(self) -> str:
        self.num_tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were slept, without sleeping."""
    seconds: list[float] = []
    monkeypatch.setattr(faults.time, "sleep", seconds.append)
    return seconds


def tried(work: Work, *, num_retries: int = 3) -> str:
    return faults.with_retries(work, num_retries=num_retries, first_wait_s=2.0, label="Toy")


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (DISK, 5),
        (OSError("Can't read data (file read failed: errno = 5, error message = 'Input/output error')"), 5),
        (RuntimeError("Can't decrement id ref count (file write failed: errno = 28, error message = '...')"), 28),
        (OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"), 28),
        (Exception("No space left on device (os error 28)"), 28),
        (RuntimeError("model.train ended with exit code 1\nOSError: [Errno 5] a\nOSError: [Errno 28] b"), 28),
        (OSError("truncated file"), None),
        (ZeroDivisionError("division by zero"), None),
        (MISTAKE, None),
    ],
)
def test_the_number_of_a_fault_is_found_wherever_a_library_puts_it(error: Exception, number: int | None) -> None:
    assert faults.errno_of(error) == number


@pytest.mark.parametrize("name", ["EIO", "ESTALE", "ETIMEDOUT", "ECONNRESET", "EAGAIN"])
def test_faults_of_disk_and_network_may_pass(name: str) -> None:
    assert faults.is_transient(OSError(getattr(errno, name), "..."))


@pytest.mark.parametrize("name", ["ENOENT", "EACCES", "EISDIR", "EROFS", "ENOSPC", "EFBIG"])
def test_what_the_user_must_mend_does_not_pass(name: str) -> None:
    assert not faults.is_transient(OSError(getattr(errno, name), "..."))


def test_work_is_tried_again_after_twice_the_time_and_each_fault_is_said(
    slept: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(DISK, DISK, DISK)
    with caplog.at_level("WARNING", logger="multigrain"):
        assert tried(work) == "done"
    assert work.num_tries == 4
    assert slept == [2.0, 4.0, 8.0]
    assert [record.getMessage().partition("; ")[2] for record in caplog.records] == [
        "trying again in 2 s (1 of 3)",
        "trying again in 4 s (2 of 3)",
        "trying again in 8 s (3 of 3)",
    ]


def test_a_fault_that_stays_is_an_error_of_the_machine(slept: list[float]) -> None:
    work = Work(DISK, DISK, DISK)
    with pytest.raises(MachineError) as caught:
        tried(work, num_retries=2)
    assert work.num_tries == 3
    assert slept == [2.0, 4.0]
    assert caught.value.where == "/data/pictures.h5"
    assert caught.value.found.endswith("; 3 times")
    assert caught.value.__cause__ is DISK


def test_without_retries_a_fault_is_met_once(slept: list[float]) -> None:
    work = Work(DISK)
    with pytest.raises(MachineError, match="1 time"):
        tried(work, num_retries=0)
    assert (work.num_tries, slept) == (1, [])


@pytest.mark.parametrize("error", [MISTAKE, ZeroDivisionError("division by zero"), OSError("truncated file")])
def test_a_mistake_a_bug_and_a_bad_file_are_met_once_and_come_as_they_are(error: Exception, slept: list[float]) -> None:
    work = Work(error)
    with pytest.raises(type(error)) as caught:
        tried(work)
    assert caught.value is error
    assert (work.num_tries, slept) == (1, [])


def test_a_full_disk_is_not_waited_for_and_its_way_out_is_said(slept: list[float]) -> None:
    work = Work(FULL)
    with pytest.raises(UserError) as caught:
        tried(work)
    assert isinstance(caught.value, MachineError)
    assert caught.value.found == "no space left on the device"
    assert caught.value.where == "/data/rows.parquet"
    assert "multigrain gc" in caught.value.way_out
    assert (work.num_tries, slept) == (1, [])


def test_a_trainers_full_disk_is_told_by_the_last_line_of_its_log(slept: list[float]) -> None:
    log = "model.train ended with exit code 1; the end:\nTraceback\n  save\nOSError: [Errno 28] No space: 'w'"
    with pytest.raises(MachineError) as caught:
        tried(Work(RuntimeError(log)))
    assert caught.value.where == "OSError: [Errno 28] No space: 'w'"
