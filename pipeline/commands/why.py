"""`multigrain why`: the causes that make a task run, or the reason that it need not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import typer

from pipeline import asked
from pipeline.output import say_json, short
from tasks.explain import why as explaining
from tasks.explain.standing import when
from tasks.explain.why import Why

_CODE, _CHANGED = "code ", " changed"
_UNCHANGED = " Nothing that decides it has changed since."


def command(
    context: typer.Context, task: asked.TaskArgument = asked.MAIN_JOB, as_json: asked.JsonOption = False
) -> None:
    """Say why a task is or is not current. Each cause with old and new, the one furthest upstream first."""
    with asked.about(task, context.args) as question:
        found = explaining.why(question.task, question.store)
    if as_json:
        say_json(_plain(found))
    else:
        _say(found)


def _say(found: Why) -> None:
    standing = found.standing
    state = "unknown until its inputs are there" if standing.state == "unknown" else standing.state
    print(f"{standing.label} is {state}.")
    if standing.is_being_built:
        print("  It is being built now.")
    elif standing.goes_on:
        print("  It goes on where it was stopped.")
    for label, causes in itertools.groupby(found.causes, key=lambda cause: cause.label):
        print(f"  {label}: {'; '.join(_together([cause.what for cause in causes]))}")
    if standing.waits_for:
        print(f"  It waits for {', '.join(standing.waits_for)}.")
    if standing.state == "current":
        print(f"  {standing.note[:1].upper()}{standing.note[1:]}.{_UNCHANGED if not found.since else ''}")
    for cause in found.since:
        print(f"  unlike what current/ leads to: {cause.label}: {cause.what}")
    if standing.before is not None:
        print(f"  Compared with {short(standing.before.key)}, built {when(standing.before)}: {standing.before.folder}")


def _together(causes: Sequence[str]) -> list[str]:
    """The causes of one task, modules whose code changed in one phrase: a module that many import is said of many."""
    changed = [cause for cause in causes if cause.startswith(_CODE) and cause.endswith(_CHANGED)]
    others = [cause for cause in causes if cause not in changed]
    modules = [cause.removeprefix(_CODE).removesuffix(_CHANGED) for cause in changed]
    return [*others, *([f"code changed: {', '.join(modules)}"] if modules else [])]


def _plain(found: Why) -> dict[str, object]:
    """All but the manifests."""
    standing = found.standing
    return {
        "label": standing.label,
        "state": standing.state,
        "key": standing.key,
        "reason": standing.reason,
        "is_being_built": standing.is_being_built,
        "goes_on": standing.goes_on,
        "changes": standing.changes,
        "damage": standing.damage,
        "waits_for": standing.waits_for,
        "causes": found.causes,
        "since": found.since,
        "compared_with": None if standing.before is None else standing.before.folder,
    }
