"""`multigrain rebuild`: a task built again although it is current."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import luigi
import typer

from data.errors import UserError
from pipeline import asked
from pipeline.output import say_json
from tasks.artifact import ArtifactTask
from tasks.upkeep import giving, rebuilding
from tasks.upkeep.rebuilding import Rebuilt


def command(
    context: typer.Context,
    task: asked.RequiredTask,
    downstream: Annotated[
        bool, typer.Option("--downstream", help="build everything in the main job that descends from it again, too")
    ] = False,
    as_json: asked.JsonOption = False,
) -> None:
    """Build a task again although it is current.

    Says whether the bytes are the same. What is replaced is kept until `multigrain gc`, and put back if the build
    fails. Exits as luigi does.
    """
    giving.end_cleanly()
    with _asked(task, context.args, downstream=downstream) as wanted:
        rebuilt = rebuilding.rebuild(wanted.tasks, lambda: giving.give(wanted.arguments))
    say_json(rebuilt) if as_json else _say(rebuilt)
    raise typer.Exit(rebuilt.code)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """The tasks to be built again, and luigi's arguments that have them built."""

    tasks: tuple[ArtifactTask, ...]
    arguments: tuple[str, ...]


@contextmanager
def _asked(name: str, flags: Sequence[str], *, downstream: bool) -> Iterator[_Wanted]:
    with asked.about(name, flags) as given:
        task = _with_artifact(given.task)
        is_root = given.arguments[0] == task.task_family
        arguments = given.arguments if is_root else asked.alone(task, flags)
        if not downstream:
            yield _Wanted(tasks=(task,), arguments=arguments)
            return
        main = asked.for_main_job(task, flags)
    with asked.about(main[0], main[1:]) as given:
        tasks = rebuilding.descendants(task, given.dag)
        yield _Wanted(tasks=tasks, arguments=main) if tasks else _Wanted(tasks=(task,), arguments=arguments)


def _with_artifact(task: luigi.Task) -> ArtifactTask:
    if isinstance(task, ArtifactTask):
        return task
    raise UserError(
        expected="a task that has an artifact",
        found=task.task_family,
        where="the command line",
        way_out="name one; all that descends from it is built again with --downstream",
    )


def _say(rebuilt: Rebuilt) -> None:
    if rebuilt.code:
        print("It was not built; what was there is there again.", file=sys.stderr)
        return
    for each in rebuilt.compared:
        what = "the same bytes" if not each.changed else f"other bytes in {', '.join(each.changed)}"
        print(f"{each.label}: {what}; what it was: {each.aside}")
    if not rebuilt.compared:
        print("It was not there before.")
