"""A light look at the user's files: each is there, can be read, and is in the format of its setting.

Whatever looks like another format than the wanted one (data/detecting.py) is not read at all: some files can be read as
what they are not (a list of training images as one of test images), and a wrong one may have to be read to its end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from data import vocabulary
from data.detecting import likeness
from data.errors import UserError
from data.records import Reject, Rejection, Source
from data.sources import all_sources
from data.taggers import treebank
from tasks.sources import check_beside, check_kind, check_there
from tasks.upkeep.findings import Finding, of_error

PICTURES = (".jpg", ".jpeg", ".png")
_TRIED_RECORDS = 100


class _NothingGoodError(Exception):
    """A file begins with nothing that can be used, so that it is hardly the right one."""


def _first_sentence(path: Path) -> None:
    if next(treebank.sentences(path), None) is None:
        raise _NothingGoodError("there is no sentence in it")


# Files that have no reader of records, since another part of `data` opens them.
_OTHERS: Mapping[str, Callable[[Path], object]] = {
    "bert_vocabulary": vocabulary.checked,
    "treebank": _first_sentence,
    "treebank_test": _first_sentence,
}


def findings(configured: Mapping[str, tuple[Path, ...]]) -> Iterator[Finding]:
    """A finding for each path; one that says so where no source is set."""
    if not configured:
        yield Finding(subject="sources", state="ok", said="none is set: the generated world is used")
    for name, paths in configured.items():
        for path in paths:
            yield _finding(all_sources()[name], path)


def _finding(source: Source, path: Path) -> Finding:
    subject = f"[sources] {source.name}"
    try:
        check_there(path, f"{source.title} (to be had at {source.address})")
        check_kind(source, path)
        check_beside(source, path)
        seems = likeness(path, source.name)
        if seems is not None:
            way_out = f"set [sources] {source.name} to the right one: {source.address}"
            return Finding(subject=subject, state="wrong", said=f"{path}: {seems}", way_out=way_out)
        said = _of_folder(path) if source.is_folder else _of_file(source, path)
    except UserError as error:
        return of_error(subject, error)
    except _NothingGoodError as error:
        return Finding(subject=subject, state="wrong", said=f"{path}: {error}", way_out=f"is it {source.title}?")
    except OSError as error:
        way_out = "mend the file or its permissions"
        return Finding(
            subject=subject, state="wrong", said=f"{path}: {error.strerror or error}".lower(), way_out=way_out
        )
    if said is None:
        way_out = f"name the folder of {source.title}: {source.address}"
        return Finding(subject=subject, state="wrong", said=f"{path}: no picture in it", way_out=way_out)
    return Finding(subject=subject, state="ok", said=f"{path}: {said}")


def _of_folder(path: Path) -> str | None:
    """Names a picture in the folder, or below it; None where there is none."""
    for folder, _, files in os.walk(path):
        for file in files:
            if file.lower().endswith(PICTURES):
                return f"{Path(folder, file).relative_to(path)} and so on"
    return None


def _of_file(source: Source, path: Path) -> str:
    """Has each of the source's readers yield one record. Raises SourceError, or _NothingGoodError."""
    if source.name in _OTHERS:
        _OTHERS[source.name](path)
        return "begins as it should"
    for content, reader in source.reads.items():
        next(iter(reader(path, _limited(content))), None)
    return f"begins with {', '.join(sorted(source.reads))}"


def _limited(content: str) -> Reject:
    seen: list[Rejection] = []

    def reject(rejection: Rejection) -> None:
        seen.append(rejection)
        if len(seen) >= _TRIED_RECORDS:
            raise _NothingGoodError(f"none of the first {_TRIED_RECORDS} {content} is good: {rejection.reason}")

    return reject
