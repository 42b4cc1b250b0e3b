"""How the verbs of `multigrain` speak: aligned columns for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from data.progress import Progress

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def say_json(value: Any) -> None:
    """Print a value as JSON; dataclasses as objects, paths as text."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def say_columns(rows: Iterable[Sequence[str]]) -> None:
    """Print rows with their cells aligned; the last column is as wide as it likes."""
    table = [list(row) for row in rows]
    widths = [max((len(row[column]) for row in table), default=0) for column in range(max(map(len, table), default=0))]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join(cells).rstrip())


def size(num_bytes: float | None) -> str:
    """A number of bytes as people say it, in powers of 1000; `?` where it is not known."""
    if num_bytes is None:
        return "?"
    for unit in _UNITS:
        if num_bytes < 1000 or unit == _UNITS[-1]:
            return f"{num_bytes:.0f} {unit}" if unit == "B" else f"{num_bytes:.1f} {unit}"
        num_bytes /= 1000
    raise AssertionError("the last unit takes any number")


def span(seconds: float | None) -> str:
    """A time as people say it; `?` where it is not known."""
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def short(digest: str) -> str:
    """What of a key or digest is enough to tell it from others, and to find its folder."""
    return digest[:12]


def moment(iso: str | None) -> str:
    """The day and minute of a time in ISO 8601; `?` where it is not known."""
    return "?" if iso is None else iso[:16].replace("T", " ")


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on the terminal, for work that says how far it is; none where nobody looks."""
    layout = "{percentage:3.0f}% |{bar:24}| {elapsed}  {desc}"
    with tqdm(total=100, leave=False, disable=None, bar_format=layout) as bar:

        def show(share: float, message: str) -> None:
            bar.n = round(100 * share)
            bar.set_description_str(message)

        yield show


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
