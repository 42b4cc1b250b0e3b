"""The publishers' formats, one file each; the folder is the list.

A source file defines `SOURCE = Source(name=..., ...)`; its name is its key in `[sources]` of luigi.cfg.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.records import Content, Reject, Source

SourceFiles = Mapping[str, tuple[Path, ...]]
"""The user's files by the name of their source."""


@functools.cache
def all_sources() -> Mapping[str, Source]:
    """Every source by name, in the order of names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    sources = [
        module.SOURCE
        for module in (importlib.import_module(f"{__name__}.{name}") for name in names)
        if hasattr(module, "SOURCE")
    ]
    return {source.name: source for source in sources}


def that_give(content: Content, pool: str | None = None) -> tuple[str, ...]:
    """The names of the sources from which `content` can be read; only those of `pool` where it is given."""
    return tuple(
        name for name, source in all_sources().items() if content in source.reads and pool in (None, source.pool)
    )


def only_file(files: SourceFiles, name: str) -> Path:
    """The one file of a source that cannot be several. Raises UserError where there are more or none."""
    paths = files.get(name, ())
    if len(paths) != 1:
        raise UserError(
            expected=f"one {name}",
            found=f"{len(paths)} files",
            where=f"[sources] {name} in luigi.cfg",
            way_out=f"name just one: {all_sources()[name].address}",
        )
    return paths[0]


def read(files: SourceFiles, content: Content, reject: Reject, pool: str | None = None) -> Iterator[Any]:
    """All records of `content` in `files`: sources (of `pool`) by name, each one's files in the order given."""
    for name in that_give(content, pool):
        for path in files.get(name, ()):
            yield from all_sources()[name].reads[content](path, reject)
