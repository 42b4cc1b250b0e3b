"""`multigrain diff`: why two artifacts differ."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import asked
from pipeline.output import say_json, short
from tasks.explain.ancestry import find_artifact, label_of
from tasks.explain.differences import Compared, compare
from tasks.manifest import Artifact


def _argument(which: str) -> typer.models.ArgumentInfo:
    argument: typer.models.ArgumentInfo = typer.Argument(
        autocompletion=asked.complete_label,
        help=f"{which} artifact: a path in it, also in another workspace, or a label in current/",
    )
    return argument


def command(
    context: typer.Context,
    a: Annotated[str, _argument("the first")],
    b: Annotated[str, _argument("the second")],
    as_json: asked.JsonOption = False,
) -> None:
    """Name the first cause why two artifacts differ. Then the others in order. Exits 1 where results differ."""
    with asked.workspace(context.args) as store:
        old, new = find_artifact(store, a), find_artifact(store, b)
        found = compare(old, new)
    if as_json:
        say_json(found)
    else:
        _say(old, new, found)
    raise typer.Exit(0 if found.is_equal else 1)


def _say(old: Artifact, new: Artifact, found: Compared) -> None:
    names = " and ".join(f"{label_of(each)} {short(each.key)}" for each in (old, new))
    print(f"{names}: the results {'are equal' if found.is_equal else 'differ'}.")
    for number, difference in enumerate(found.differences):
        where = "" if found.is_equal else "first cause: " if number == 0 else "then: "
        print(f"  {where}{difference.label}: {difference.what}")
