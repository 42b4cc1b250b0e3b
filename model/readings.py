"""Readings of a system by their text: a name, and after each + what departs from it: `grit+mask_rate=0.3`.

They are frozen dataclasses of texts and numbers, so that an ablation is one field changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from data.errors import UserError

Readings = TypeVar("Readings")


def parse(text: str, named: Mapping[str, Readings]) -> Readings:
    """Those that a text names. Raises UserError."""
    name, *changes = text.split("+")
    found = named.get(name)
    if found is None:
        raise _malformed(text, repr(name), named)
    fields = {field.name for field in dataclasses.fields(found)}  # type: ignore[arg-type]  # only ever dataclasses
    for change in changes:
        field, _, value = change.partition("=")
        if field not in fields:
            raise _malformed(text, repr(change), named)
        try:
            changed = type(getattr(found, field))(value)
        except ValueError:
            raise _malformed(text, f"{value!r}, where a number is to be", named) from None
        found = dataclasses.replace(found, **{field: changed})  # type: ignore[type-var]
    return found


def spell(readings: Readings, named: Mapping[str, Readings]) -> str:
    """The shortest text that names them."""
    ours: dict[str, Any] = dataclasses.asdict(readings)  # type: ignore[call-overload]
    texts = []
    for name, each in named.items():
        theirs: dict[str, Any] = dataclasses.asdict(each)  # type: ignore[call-overload]
        changes = (f"{field}={value}" for field, value in ours.items() if value != theirs[field])
        texts.append("+".join([name, *changes]))
    return min(texts, key=len)


def _malformed(text: str, found: str, named: Mapping[str, Any]) -> UserError:
    fields = ", ".join(field.name for field in dataclasses.fields(next(iter(named.values()))))
    return UserError(
        expected=f"{' or '.join(named)}, and after a + what is changed: {fields} = value",
        found=found,
        where=repr(text),
        way_out=f"for instance {next(iter(named))}, as it is",
    )
