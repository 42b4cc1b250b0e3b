"""`multigrain lineage`: everything that an artifact came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from pipeline import asked
from pipeline.output import moment, say_json, short
from tasks.explain.ancestry import Ancestor, Lineage, Made, find_artifact, lineage


def command(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="PATH|TASK",
            autocompletion=asked.complete_label,
            help="a path anywhere in an artifact, or a task's label, meaning what current/ leads to",
        ),
    ],
    as_json: asked.JsonOption = False,
) -> None:
    """List everything that an artifact came from. Source files, parameters, code digests, seeds and libraries."""
    with asked.workspace(context.args) as store:
        found = lineage(find_artifact(store, name))
    if as_json:
        say_json(found)
        return
    for line in _tree(found):
        print(line)
    print("--json gives every setting, parameter, code digest by module and library version.")


def _tree(found: Lineage) -> Iterator[str]:
    """The artifact and what it was made from, each artifact once; those met again are only named."""
    known, shown = {each.key: each for each in found.artifacts}, set[str]()

    def below(ancestor: Ancestor, depth: int) -> Iterator[str]:
        shown.add(ancestor.key)
        yield from _lines(ancestor, "  " * depth)
        for made in ancestor.inputs:
            if made.key is None:
                yield f"{'  ' * (depth + 1)}{_source(made)}"
            elif made.key in shown:
                yield f"{'  ' * (depth + 1)}{made.label} {short(made.key)} (above)"
            else:
                yield from below(known[made.key], depth + 1)

    yield from below(found.artifacts[0], 0)


def _lines(ancestor: Ancestor, indent: str) -> Iterator[str]:
    name = f"{indent}{ancestor.label} {short(ancestor.key)}"
    if ancestor.folder is None:
        yield f"{name}  is no longer there: what it came from is not known"
        return
    told = (
        f"built {moment(ancestor.started)}",
        f"code {len(ancestor.code)} modules of commit {ancestor.git_commit or '?'}",
        *(f"{path} {value}" for path, value in ancestor.seeds.items()),
        *(f"{library} {version}" for library, version in ancestor.libraries.items()),
    )
    yield f"{name}  {', '.join(told)}"


def _source(made: Made) -> str:
    return f"{made.path}  {f'sha256 {made.sha256}' if made.sha256 else f'digest of its files {made.digest}'}"
