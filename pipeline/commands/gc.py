"""`multigrain gc`: what nothing reaches any more, removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from pipeline import asked
from pipeline.output import say_columns, say_json, size
from tasks.store import Store
from tasks.upkeep import collecting
from tasks.upkeep.collecting import Garbage

_FILES = ("pins", "logs", "locks")


def command(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only list what would go")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="unfinished work too, which would go on where it stopped")
    ] = False,
    as_json: asked.JsonOption = False,
) -> None:
    """Remove what nothing reaches any more.

    That is artifacts from which nothing current came, and what was set aside. Keeps all that current/ or a running
    command leads to, with everything that these came from. Never touches sources.
    """
    with asked.workspace(context.args) as store:
        found = collecting.find(store, partial=partial)
    total = collecting.freed(found)
    busy = () if dry_run else collecting.remove_all(store, found)
    left = () if partial else tuple(collecting.unfinished(store))
    if as_json:
        say_json({"garbage": found, "freed_bytes": total, "is_removed": not dry_run, "busy": busy, "unfinished": left})
        return
    say_columns(_lines(store, found))
    print(f"{size(total)} {'would come free' if dry_run else 'came free'}")
    for each in busy:
        print(f"left, since it is in use now: {each.path}")
    if left:
        print(f"{size(collecting.freed(left))} of unfinished work stay, to go on from; gc --partial takes these too")


def _lines(store: Store, found: Iterable[Garbage]) -> Iterator[tuple[str, str, str]]:
    """A line for each folder; small files of a kind together."""
    small: dict[tuple[str, str], list[int]] = {}
    for each in found:
        place = each.path.parent.name
        if place in _FILES:
            small.setdefault((place, each.reason), []).append(each.num_bytes)
        else:
            yield size(each.num_bytes), str(each.path.relative_to(store.root)), each.reason
    for (place, reason), sizes in small.items():
        yield size(sum(sizes)), f"{place}/", f"{reason} ({len(sizes)})"
