"""The benchmark table at a glance: for each benchmark its main score, of this run, of what sees less, and of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LESS = ("text only", "image withheld", "majority or chance")
"""What knows less than the run itself: the columns that its score is to be held against."""
MEASURED = ("this run", *LESS)
"""The columns of numbers that come from here; those of published ones follow."""
SUMS = ("rsum",)
"""Metrics that add up others, so that 100 is not their most: they have no bar."""
_BLIND = ("majority", "chance")
_MEASURES = ("model", "image withheld", "majority")
_NUM_KINDS = 12


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A score in per cent; `note` says what it is where the column does not."""

    value: float
    note: str = ""
    is_published: bool = False


def overview(benchmark: Mapping[str, Any], peers: Sequence[str] = ()) -> dict[str, Cell | None]:
    """The cells of one benchmark (as report.json has it), by MEASURED and `peers`; None: there is no such number."""
    group, metric = benchmark["main"]
    baselines = benchmark["baselines"]
    blind = next((name for name in _BLIND if name in baselines), "")
    cells = (
        _cell(benchmark["scores"], group, metric),
        _cell(benchmark["text_only"] or {}, group, metric),
        _cell(baselines.get("image withheld", {}), group, metric),
        _cell(baselines.get(blind, {}), group, metric, note=blind),
        *(_published(benchmark["published"], model, group, metric) for model in peers),
    )
    return dict(zip((*MEASURED, *peers), cells, strict=True))


def published_of(peers: Iterable[str], published: Iterable[str]) -> list[str]:
    """Those of `peers` of which some published row is."""
    rows = list(published)
    return [model for model in peers if any(_is_of(model, row) for row in rows)]


def best_of_less(cells: Mapping[str, Cell | None]) -> str:
    """The column of the best score that knowing less reaches, the first such where they tie; empty: there is none."""
    known = {column: cell.value for column in LESS if (cell := cells.get(column))}
    return max(known, key=known.__getitem__, default="")


def distinct(corpora: Mapping[str, Any]) -> list[tuple[list[str], Mapping[str, Any]]]:
    """Each corpus (as report.json has it) with its names: those that show equal rows and counts are one."""
    found: list[tuple[list[str], Mapping[str, Any]]] = []
    for name, corpus in corpora.items():
        same = next((names for names, known in found if known["samples"] and known == corpus), None)
        if same is None:
            found.append(([name], corpus))
        else:
            same.append(name)
    return found


def table_rows(benchmark: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """All that was measured here on one benchmark, by the name of its row; the run itself first."""
    yield "this run", benchmark["scores"]
    if benchmark["text_only"] is not None:
        yield "text only", benchmark["text_only"]
    yield from benchmark["baselines"].items()


def measures(benchmark: Mapping[str, Any]) -> list[str]:
    """What is known by kind of row, in the order in which it is shown."""
    return [name for name in _MEASURES if any(name in numbers for numbers in benchmark["by_kind"].values())]


def kinds(benchmark: Mapping[str, Any]) -> Iterable[tuple[bool, dict[str, Any]]]:
    """The commonest kinds, and then those that are folded away (True), where there are any."""
    items = list(benchmark["by_kind"].items())
    yield False, dict(items[:_NUM_KINDS])
    if items[_NUM_KINDS:]:
        yield True, dict(items[_NUM_KINDS:])


def _cell(scores: Mapping[str, Any], group: str, metric: str, note: str = "") -> Cell | None:
    value = scores.get(group, {}).get(metric)
    return None if value is None else Cell(value=value, note=note)


def _published(rows: Mapping[str, Any], model: str, group: str, metric: str) -> Cell | None:
    """The first published row of a model that has the main metric; else the first that has another of its group."""
    own = {name: scores.get(group, {}) for name, scores in rows.items() if _is_of(model, name)}
    found = [(metrics[key], name, key) for name, metrics in own.items() for key in metrics]
    if not found:
        return None
    value, name, key = min(found, key=lambda entry: entry[2] != metric)
    note = name.removeprefix(model).strip(" ,")
    return Cell(value=value, note=note if key == metric else f"{note}, {key}", is_published=True)


def _is_of(model: str, row: str) -> bool:
    """Whether a row is of a model, and not of one whose longer name begins alike (LXMERT, LXMERT-S)."""
    return re.match(rf"{re.escape(model)}(?![\w-])", row) is not None
