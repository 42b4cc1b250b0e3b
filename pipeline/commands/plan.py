"""`multigrain plan`: what a command would do, before it is given."""

from __future__ import annotations

import typer

from pipeline import asked
from pipeline.output import say_columns, say_json, size, span
from tasks.explain import plan as planning
from tasks.explain.plan import Plan, Planned
from tasks.sources import SourceFile


def command(
    context: typer.Context, task: asked.TaskArgument = asked.MAIN_JOB, as_json: asked.JsonOption = False
) -> None:
    """Say what would be built, why, and how long it takes. Exits 1 where work is pending; writes nothing."""
    with asked.about(task, context.args) as question:
        found = planning.plan(question.task, question.store)
    if as_json:
        say_json(found)
    else:
        say_columns([("task", "state", "takes", "reads", "writes", "reason"), *map(_row, found.tasks)])
        for line in (*_notices(question.notices), _total(found)):
            print(line)
    raise typer.Exit(0 if found.is_all_current else 1)


def _row(task: Planned) -> tuple[str, ...]:
    if task.cost is None:
        return (task.label, task.state, "", "", "", task.reason)
    cost = task.cost
    takes, reads, writes = span(cost.seconds), size(cost.read_bytes), size(cost.written_bytes)
    to_read = f" ({reads}, about {takes})" if task.family == SourceFile.get_task_family() else ""
    return (task.label, task.state, takes, reads, writes, f"{task.reason}{to_read}")


def _notices(notices: tuple[str, ...]) -> tuple[str, ...]:
    return ("", *notices, "") if notices else ("",)


def _total(found: Plan) -> str:
    """The last line: how many of how many, and about how long, one after another."""
    if found.is_all_current:
        return f"All of {len(found.tasks)} are current: nothing to do."
    line = f"{found.num_to_do} of {len(found.tasks)} to do{_about(found.seconds_to_do)}"
    if found.num_unknown:
        more = f"{found.num_unknown} more if their inputs come out with other bytes"
        line += f"; {more}{_about(found.seconds_unknown)}"
    if found.num_without_estimate:
        line += f"; of {found.num_without_estimate} it is not known how long they take (?)"
    return f"{line}."


def _about(seconds: float) -> str:
    return f", about {span(seconds)}" if seconds else ""
