"""`multigrain adopt`: what is there, as current, after a change of code that changes no byte."""

from __future__ import annotations

from typing import Annotated

import typer
from tqdm import tqdm

from data.errors import UserError
from pipeline import asked
from pipeline.output import say_json
from tasks.artifact import ArtifactTask
from tasks.upkeep import adopting
from tasks.upkeep.adopting import Adopted


def command(
    context: typer.Context,
    task: asked.RequiredTask,
    upstream: Annotated[bool, typer.Option("--upstream", help="adopt everything below it that needs it first")] = False,
    as_json: asked.JsonOption = False,
) -> None:
    """Make a task current without running it.

    For after a change of code, or of a library, that you know to change no byte. Refuses where settings or inputs
    differ from those with which the task was built.
    """
    with asked.about(task, context.args) as given:
        tasks = list(adopting.in_order(given.task)) if upstream else [_with_artifact(given.task)]
        adopted: list[Adopted] = []
        try:
            with tqdm(desc="reading", unit="B", unit_scale=True, leave=False, disable=None) as bar:
                for each in tasks:
                    done = adopting.adopt(each, bar.update)
                    adopted += [] if done is None else [done]
        finally:
            say_json(adopted) if as_json else _say(adopted)


def _with_artifact(task: object) -> ArtifactTask:
    if isinstance(task, ArtifactTask):
        return task
    raise UserError(
        expected="a task that has an artifact",
        found=asked.MAIN_JOB,
        where="the command line",
        way_out="name one, or adopt all that it rests on: --upstream",
    )


def _say(adopted: list[Adopted]) -> None:
    for each in adopted:
        print(f"{each.label} was adopted: {each.old_key[:12]} -> {each.key[:12]}")
        for change in each.changes:
            print(f"  {change}")
        if each.waits_for:
            print(f"  current once its inputs are built to the bytes that they had: {', '.join(each.waits_for)}")
    if not adopted:
        print("Nothing to adopt: all is current, or will be once its inputs are.")
