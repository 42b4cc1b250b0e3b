"""Charts as inline SVG: the same bytes each time, colours left to the page's style sheet (so dark mode just works)."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from report.contents import Curve, Epoch, HeldOut

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")  # a tenth of a point is finer than a screen shows, and half the bytes

_WIDTH = 4.2  # inches; a chart whose labels are long is wider by a letter for each beyond the short ones
_LETTER, _SHORT_LABEL = 0.075, 14

# Matplotlib wants colours, the page wants variables: each stand-in is used for one variable and replaced in the SVG.
_INK, _GRID, _MODEL, _BLIND = "#010101", "#020202", "#030303", "#040404"
_VARIABLES = {_INK: "var(--muted)", _GRID: "var(--line)", _MODEL: "var(--model)", _BLIND: "var(--blind)"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: lighter, searchable, and set in the page's own font
    "font.size": 10,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def loss_chart(curve: Curve, *, held_out: HeldOut | None, name: str, description: str) -> str:
    """One loss over the steps of a training; a held-out loss and its best blind predictor are drawn in where given.

    `name` makes the ids of the SVG unique within a page; `description` is its alternative text.
    """
    with _chart(name) as (figure, axes):
        _draw_curve(axes, curve)
        if held_out is not None and held_out.metric == "loss":
            _draw_held_out(axes, curve, held_out)
        axes.set_xlim(0, curve.num_steps * 1.02)
        return _inline(figure, name, description)


def epoch_chart(epochs: Sequence[Epoch], *, best: int | None, name: str, description: str) -> str:
    """A score on validation rows after each epoch, the epoch that was kept with a ring around it."""
    with _chart(name) as (figure, axes):
        axes.plot([e.epoch for e in epochs], [e.validation for e in epochs], "o-", color=_MODEL, markersize=4)
        kept = [epoch for epoch in epochs if epoch.epoch == best]
        ring = axes.plot([e.epoch for e in kept], [e.validation for e in kept], "o", markersize=11, clip_on=False)[0]
        ring.set(markerfacecolor="none", markeredgecolor=_BLIND)
        axes.set_xlim(min(e.epoch for e in epochs) - 0.5, max(e.epoch for e in epochs) + 0.5)
        axes.margins(y=0.2)
        return _inline(figure, name, description)


@dataclass(frozen=True, kw_only=True)
class Line:
    """Scores by a share."""

    label: str
    points: Sequence[tuple[float, float]]


def line_chart(lines: Sequence[Line], *, target: float, name: str, description: str) -> str:
    """Scores by share of the longest training, a line each with a mark of its own, and a score to be reached."""
    with _chart(name, height=2.6) as (figure, axes):
        axes.axhline(target, color=_BLIND, linewidth=1.0, linestyle="--")
        for line, mark in zip(lines, itertools.cycle("os^Dv"), strict=False):
            shares, scores = zip(*line.points, strict=True)
            axes.plot(shares, scores, color=_MODEL, marker=mark, markersize=4, linewidth=1.2, label=line.label)
        ticks = sorted({share for line in lines for share, _ in line.points})
        axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
        axes.set_xlabel("share of the longest training")
        axes.legend(frameon=False, fontsize=8, labelcolor=_INK)
        return _inline(figure, name, description)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean with half the width of its interval."""

    label: str
    mean: float
    half_width: float


def interval_chart(intervals: Sequence[Interval], *, name: str, description: str) -> str:
    """Means with their intervals, a line each, the first at the top."""
    longest = max((len(each.label) for each in intervals), default=0)
    width = _WIDTH + _LETTER * max(0, longest - _SHORT_LABEL)
    with _chart(name, height=0.7 + 0.22 * len(intervals), width=width) as (figure, axes):
        places = range(len(intervals))
        means, widths = [each.mean for each in intervals], [each.half_width for each in intervals]
        axes.errorbar(means, places, xerr=widths, fmt="o", color=_MODEL, markersize=4, linewidth=1.4)
        axes.set_yticks(places, [each.label for each in intervals])
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        return _inline(figure, name, description)


@contextmanager
def _chart(name: str, *, height: float = 2.3, width: float = _WIDTH) -> Iterator[tuple[Figure, Axes]]:
    """An empty chart in our style, `height` and `width` in inches, whatever the user's matplotlibrc says."""
    with matplotlib.style.context(["default", {**_STYLE, "svg.hashsalt": name}]):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        yield figure, axes


def _draw_curve(axes: Axes, curve: Curve) -> None:
    axes.fill_between(curve.step, curve.low, curve.high, color=_MODEL, alpha=0.18, linewidth=0)
    axes.plot(curve.step, curve.mean, color=_MODEL, linewidth=1.8)


def _draw_held_out(axes: Axes, curve: Curve, held_out: HeldOut) -> None:
    axes.plot([curve.num_steps], [held_out.model], "o", color=_MODEL, markersize=5, clip_on=False)
    if held_out.best_blind is not None:
        axes.axhline(held_out.blind[held_out.best_blind], color=_BLIND, linewidth=1.4, linestyle=(0, (4, 3)))


def _inline(figure: Figure, name: str, description: str) -> str:
    """The figure as an `<svg>` for the middle of a page: no header, no metadata, no size, ids of its own."""
    buffer = io.StringIO()
    no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=no_metadata)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(buffer.getvalue().encode())
    _drop_styles(root)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib.update({"role": "img", "aria-label": description})
    for path in root.iter(f"{{{_SVG}}}path"):
        path.set("d", _NUMBER.sub(lambda match: f"{float(match.group()):.1f}", path.get("d", "")))
    markup = ElementTree.tostring(root, encoding="unicode")
    markup = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{_identifier(name)}-", markup)
    return re.sub("|".join(_VARIABLES), lambda match: _VARIABLES[match.group()], markup)


def _drop_styles(root: ElementTree.Element) -> None:
    """Take out matplotlib's `<style>`: inside a page it would reach every element of it."""
    for definitions in root.iter(f"{{{_SVG}}}defs"):
        for style in definitions.findall(f"{{{_SVG}}}style"):
            definitions.remove(style)


def _identifier(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")
