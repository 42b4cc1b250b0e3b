"""`multigrain reproduce`: an artifact made again in a clean workspace, and compared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline import asked
from pipeline.output import progress_bar, say_json
from tasks.explain.ancestry import find_artifact
from tasks.upkeep import giving, reproducing
from tasks.upkeep.reproducing import Reproduced


def command(
    context: typer.Context,
    artifact: Annotated[
        str,
        typer.Argument(
            metavar="ARTIFACT",
            autocompletion=asked.complete_label,
            help="a path anywhere in an artifact, or a label, meaning what current/ leads to",
        ),
    ],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="the clean workspace: empty, or not there yet")],
    as_json: asked.JsonOption = False,
) -> None:
    """Build an artifact again and compare the bytes.

    In a clean workspace, from what its manifest says. Exits 0 if the bytes are the same, 1 if not, and 2 if the code
    (it names the commit to check out) or a source is not what it was.
    """
    giving.end_cleanly()
    with asked.workspace(context.args) as store:
        found = find_artifact(store, artifact)
        with progress_bar() as progress:
            read = reproducing.check(found, into=into, progress=progress)
        reproduced = reproducing.reproduce(found, into=into, read=read)
    say_json(reproduced) if as_json else _say(reproduced, into)
    raise typer.Exit(reproduced.code or (1 if reproduced.changed else 0))


def _say(reproduced: Reproduced, into: Path) -> None:
    if reproduced.new_digest is None:
        print(f"It was not built; give luigi's command in {into} again once that is mended.", file=sys.stderr)
    elif reproduced.changed:
        print(f"Other bytes in {', '.join(reproduced.changed)}: {reproduced.new_digest}, not {reproduced.old_digest}")
    else:
        print(f"The same bytes: {reproduced.new_digest}")
