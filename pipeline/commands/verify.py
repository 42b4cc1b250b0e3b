"""`multigrain verify`: every byte of the artifacts against their manifests."""

from __future__ import annotations

from typing import Annotated

import typer
from tqdm import tqdm

from pipeline import asked
from pipeline.output import say_json, size
from tasks.manifest import Damage
from tasks.upkeep import checking
from tasks.upkeep.checking import Checked


def command(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LABEL|PATH",
            autocompletion=asked.complete_label,
            help="labels in current/, or paths in artifacts; everything in the store where none is given",
        ),
    ] = None,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="move what is damaged away, so that the next run builds it again")
    ] = False,
    as_json: asked.JsonOption = False,
) -> None:
    """Read every byte and name what is damaged.

    Exits 0 if all is whole, 1 if something is damaged.
    """
    with asked.workspace(context.args) as store:
        folders = checking.folders(store, names or ())
    total = sum(map(checking.num_bytes, folders))
    with tqdm(total=total, desc="reading", unit="B", unit_scale=True, leave=False, disable=None) as bar:
        checked = [checking.check(folder, bar.update) for folder in folders]
    damaged = [checking.set_aside(each) if quarantine else each for each in checked if each.damage]
    if as_json:
        say_json({"num_artifacts": len(checked), "num_bytes": total, "damaged": damaged})
    else:
        _say(damaged, num_checked=len(checked), total=total, quarantine=quarantine)
    raise typer.Exit(1 if damaged else 0)


def _say(damaged: list[Checked], *, num_checked: int, total: int, quarantine: bool) -> None:
    for each in damaged:
        print(each.name)
        for damage in each.damage:
            print(f"  {damage.path}: {damage.what}{_blocks(damage)}")
        if each.set_aside is not None:
            print(f"  moved to {each.set_aside}")
        elif quarantine:
            print("  left where it is: a process builds it now")
    print(f"{num_checked} artifacts, {size(total)} read, {len(damaged)} damaged")
    if damaged and not quarantine:
        print("With --quarantine they are moved away, and the next run builds them again.")


def _blocks(damage: Damage) -> str:
    """The bad blocks, each of 16 MiB; none where the whole file is in question."""
    if not damage.blocks:
        return ""
    return f" (16 MiB block{'s' if len(damage.blocks) > 1 else ''} {', '.join(map(str, damage.blocks))})"
