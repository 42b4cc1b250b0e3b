"""`multigrain status`: what a workspace holds."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from pipeline import asked
from pipeline.output import moment, say_columns, say_json, short, size, span
from tasks.explain.holdings import Held, Holdings, holdings


def command(context: typer.Context, as_json: asked.JsonOption = False) -> None:
    """Say what the workspace holds. What is current, what is being built now, and what lies beside the store."""
    with asked.workspace(context.args) as store:
        found = holdings(store)
    if as_json:
        say_json(found)
        return
    print(f"{found.root}: {found.num_artifacts} artifacts, {size(found.num_bytes)}")
    if found.held:
        say_columns([("label", "built", "took", "size", "rows", "key", "state"), *map(_row, found.held)])
    for line in _beside(found):
        print(line)


def _row(held: Held) -> tuple[str, ...]:
    if held.key is None:
        return (held.label, "", "", "", "", "", "gone: current/ leads nowhere")
    return (
        held.label,
        moment(held.started),
        span(held.seconds),
        size(held.num_bytes),
        "" if held.num_rows is None else f"{held.num_rows:,}",
        short(held.key),
        "whole" if not held.damage else f"damaged: {held.damage[0].path}: {held.damage[0].what}",
    )


def _beside(found: Holdings) -> Iterator[str]:
    for each in found.being_built:
        yield f"being built now: {each.label or '?'} {short(each.key)}, since {moment(each.since)}"
    for waiting in found.waiting:
        yield f"{waiting.room}/{waiting.name}: {waiting.num_files} files, {size(waiting.num_bytes)}"
