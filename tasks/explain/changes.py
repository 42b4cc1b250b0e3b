"""What differs between two things that decided a result: settings by name, code by module, versions of libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["family", "setting", "code", "library", "input"]

ABSENT = "none"
_LONGEST = 60  # characters of a value in a message
_DIGEST = 12  # characters of a digest in a message


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that was `old` and is `new`; `none` where there was or is no such thing."""

    kind: Kind
    name: str
    old: str
    new: str

    def __str__(self) -> str:
        """As a person says it: `setting max_length: 20 -> 17`, `code data.words changed`."""
        if self.kind != "code":
            return f"{self.kind} {self.name}: {self.old} -> {self.new}"
        if self.name == "python":
            return f"Python: {self.old} -> {self.new}"
        what = "is new" if self.old == ABSENT else "is no longer read" if self.new == ABSENT else "changed"
        return f"code {self.name} {what}"


def own_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs between two decisions (`decided_by` of a manifest, or what a task says), inputs left out."""
    if old["family"] != new["family"]:
        return (Change(kind="family", name="task", old=old["family"], new=new["family"]),)
    return (
        *_changes("setting", flat(_as_read(old["settings"])), flat(_as_read(new["settings"]))),
        *_changes("library", old["libraries"], new["libraries"]),
        *_changes("code", old["code"], new["code"]),
    )


def input_changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """The inputs whose content differs, by the names under which the task reads them."""
    return tuple(_changes("input", old, new))


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """A JSON value's leaves by path, such as `stage.streams[0].batch_size`; an empty container is a leaf."""
    if isinstance(value, Mapping) and value:
        inner = [(f"{name}.{key}" if name else str(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value):
        inner = [(f"{name}[{number}]", part) for number, part in enumerate(value)]
    else:
        return {name: value} if name else {}
    return {path: leaf for key, part in inner for path, leaf in flat(part, key).items()}


def _as_read(settings: Any) -> Any:
    """The settings as a manifest gives them back: tuples are lists."""
    return json.loads(json.dumps(settings))


def _changes(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        was, is_ = (_said(given[name], kind=kind) if name in given else ABSENT for given in (old, new))
        if name not in old or name not in new or old[name] != new[name]:
            yield Change(kind=kind, name=name, old=was, new=is_)


def _said(value: Any, *, kind: Kind) -> str:
    """A value in a message: digests and long values are cut."""
    text = str(value)
    if kind == "input" or (kind == "code" and len(text) > _LONGEST):
        return text[:_DIGEST]
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
