"""A DAG laid out in layers: who stands in which layer, in which order, and where.

The way of Sugiyama, Tagawa and Toda (1981, https://doi.org/10.1109/TSMC.1981.4308636): layers by longest path, order by
barycentres, places by least squares. What needs something from far before hangs from a trunk that runs through the
layers between, one trunk for all that need the same. Everything is deterministic.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

Point = tuple[int, str]
"""A node in its own layer, or its trunk in one further down."""

_NUM_ORDERINGS = 24
_NUM_PLACINGS = 30


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything stands: the middle of each point across its layer, and which points are joined to which."""

    layer_of: dict[str, int]
    middles: dict[Point, float]
    segments: list[tuple[Point, Point]]


def lay_out(needs: Mapping[str, Sequence[str]], width: Callable[[Point, bool], float]) -> Layout:
    """Lay out nodes by what each needs; `width(point, is_trunk)` is the room of a point, gaps included."""
    parents = reduced(needs)
    layer_of = layers(parents)
    segments = _segments(parents, layer_of)
    rows = _ordered(_rows(list(needs), layer_of, segments), segments)
    room = {point: width(point, point[0] != layer_of[point[1]]) for row in rows for point in row}
    return Layout(layer_of=layer_of, middles=_placed(rows, segments, room), segments=segments)


def reduced(needs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Without what is needed through another anyway (the transitive reduction), parents before children."""
    known = {name: [parent for parent in needs[name] if parent in needs] for name in needs}
    above: dict[str, set[str]] = {}
    for name in TopologicalSorter(known).static_order():
        above[name] = set(known[name]).union(*(above[parent] for parent in known[name]))
    return {
        name: [p for p in dict.fromkeys(known[name]) if not any(p in above[other] for other in known[name])]
        for name in above
    }


def layers(parents: dict[str, list[str]]) -> dict[str, int]:
    """The layer of each node, 0 the first: as far on as its children allow."""
    height = dict.fromkeys(parents, 0)
    for name in reversed(parents):
        for parent in parents[name]:
            height[parent] = max(height[parent], height[name] + 1)
    top = max(height.values(), default=0)
    return {name: top - own for name, own in height.items()}


def _segments(parents: Mapping[str, Sequence[str]], layer_of: Mapping[str, int]) -> list[tuple[Point, Point]]:
    """Every line from a layer to the next."""
    lines: dict[tuple[Point, Point], None] = {}
    for name, own in parents.items():
        for parent in own:
            trunk = [(layer, parent) for layer in range(layer_of[parent], layer_of[name])]
            lines |= dict.fromkeys(zip(trunk, [*trunk[1:], (layer_of[name], name)], strict=True))
    return list(lines)


def _rows(
    names: Sequence[str], layer_of: Mapping[str, int], segments: Sequence[tuple[Point, Point]]
) -> list[list[Point]]:
    """The points of each layer, as they come."""
    points = dict.fromkeys([(layer_of[name], name) for name in names] + [point for line in segments for point in line])
    rows: list[list[Point]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for point in points:
        rows[point[0]].append(point)
    return rows


def _ordered(rows: list[list[Point]], segments: Sequence[tuple[Point, Point]]) -> list[list[Point]]:
    """The rows in the order with the fewest crossings among those that sweeps by barycentre come upon."""
    above, below = _neighbours(segments)
    best, fewest = rows, num_crossings(rows, segments)
    for sweep in range(_NUM_ORDERINGS):
        goes_down = sweep % 2 == 0
        rows = list(rows)
        for layer in range(len(rows)) if goes_down else reversed(range(len(rows))):
            rows[layer] = _by_barycentre(rows, layer, above if goes_down else below, -1 if goes_down else 1)
        found = num_crossings(rows, segments)
        if found < fewest:
            best, fewest = rows, found
    return best


def _by_barycentre(
    rows: Sequence[Sequence[Point]], layer: int, neighbours: Mapping[Point, Sequence[Point]], step: int
) -> list[Point]:
    """One row sorted by the mean place of what its points are joined to in the row before."""
    if not 0 <= layer + step < len(rows):
        return list(rows[layer])
    row, other = rows[layer], rows[layer + step]
    share = {point: (place + 0.5) / len(other) for place, point in enumerate(other)}
    own = {point: (place + 0.5) / len(row) for place, point in enumerate(row)}
    mean = {p: _mean([share[q] for q in neighbours.get(p, ())], default=own[p]) for p in row}
    return sorted(row, key=lambda point: (mean[point], own[point]))


def num_crossings(rows: Sequence[Sequence[Point]], segments: Sequence[tuple[Point, Point]]) -> int:
    """How many pairs of lines cross, where lines between two layers are straight."""
    place = {point: number for row in rows for number, point in enumerate(row)}
    count = 0
    for layer in range(len(rows)):
        lines = [(place[a], place[b]) for a, b in segments if a[0] == layer]
        count += sum((a - c) * (b - d) < 0 for n, (a, b) in enumerate(lines) for c, d in lines[:n])
    return count


def _placed(
    rows: Sequence[Sequence[Point]], segments: Sequence[tuple[Point, Point]], room: Mapping[Point, float]
) -> dict[Point, float]:
    """The middle of each point: near to what it is joined to, in its row's order, none over another.

    At the end each is drawn to the first of what follows it, so that a long way to a wide end keeps to one side: on a
    narrow screen, the side where reading begins.
    """
    above, below = _neighbours(segments)
    middles = {point: 0.0 for row in rows for point in row}
    for sweep in range(_NUM_PLACINGS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([middles[q] for q in (*above.get(p, ()), *below.get(p, ()))], middles[p]) for p in row]
            middles |= dict(zip(row, apart(wanted, [room[point] for point in row]), strict=True))
    for row in reversed(rows):
        wanted = [min((middles[q] for q in below.get(p, ())), default=middles[p]) for p in row]
        middles |= dict(zip(row, apart(wanted, [room[point] for point in row]), strict=True))
    left = min((middles[point] - room[point] / 2 for point in middles), default=0.0)
    return {point: round(middle - left, 1) for point, middle in middles.items()}


def apart(wanted: Sequence[float], rooms: Sequence[float]) -> list[float]:
    """The middles nearest to `wanted` (by least squares) in the same order, with room for each.

    Less the room before each, middles must only not descend: pooling adjacent violators finds the nearest such.
    """
    offsets = [0.0]
    for left, right in itertools.pairwise(rooms):
        offsets.append(offsets[-1] + (left + right) / 2)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, others = blocks.pop()
            total, count = total + before, count + others
        blocks.append((total, count))
    flat = [total / count for total, count in blocks for _ in range(count)]
    return [level + offset for level, offset in zip(flat, offsets, strict=False)]


def _neighbours(segments: Sequence[tuple[Point, Point]]) -> tuple[dict[Point, list[Point]], dict[Point, list[Point]]]:
    above: dict[Point, list[Point]] = {}
    below: dict[Point, list[Point]] = {}
    for upper, lower in segments:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
