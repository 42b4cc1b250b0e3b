"""What a command says of a failure, and that telling luigi of progress never costs the work."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest
from luigi.rpc import RPCError

from data.errors import SourceError
from tasks.console import error_screen, tell

LOG, COMMAND = Path("/w/logs/1.log"), "luigi --module pipeline PhraseCorpus"
TRAINER = "model.train ended with exit code 1; the end of log.txt:\nTraceback\n  in a\n  in b\nKeyError: 'head'"


def test_a_mistake_is_a_screen_of_its_four_parts_the_log_and_the_command_that_goes_on() -> None:
    mistake = SourceError(expected="a list", found="a number", where="captions.json", way_out="mend it")
    assert error_screen("ImageTable", mistake, log_file=LOG, command=COMMAND).splitlines() == [
        "ImageTable stopped.",
        "  expected  a list",
        "  found     a number",
        "  where     captions.json",
        "  way out   mend it",
        "  log       /w/logs/1.log",
        "  go on     luigi --module pipeline PhraseCorpus",
        "Nothing that was finished is lost: that command goes on from here, once this is mended.",
    ]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (KeyError("head"), ["  cause     KeyError: 'head'"]),
        ("Task died unexpectedly", ["  cause     Task died unexpectedly"]),
        (RuntimeError("two\nlines"), ["  cause     RuntimeError: two", "            lines"]),
        (
            RuntimeError(TRAINER),
            [
                "  cause     RuntimeError: model.train ended with exit code 1; the end of log.txt:",
                "            KeyError: 'head'",
            ],
        ),
    ],
)
def test_of_our_own_mistakes_the_screen_says_the_cause_and_no_traceback(
    error: Exception | str, cause: list[str]
) -> None:
    screen = error_screen("TokenStage", error, log_file=LOG, command=COMMAND).splitlines()
    assert screen[1 : 1 + len(cause)] == cause
    assert screen[1 + len(cause)] == "  log       /w/logs/1.log"


def test_a_scheduler_that_does_not_answer_is_told_once_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int | str] = []

    def unheard(value: int | str) -> None:
        tries.append(value)
        raise RPCError("no luigid")

    task = luigi.Task()
    task.set_progress_percentage = unheard
    with caplog.at_level("WARNING", logger="multigrain"):
        tell(task, "set_progress_percentage", 10)
        tell(task, "set_progress_percentage", 20)
    assert tries == [10]
    assert [record.getMessage() for record in caplog.records] == ["Task: its progress is not shown: no luigid"]
