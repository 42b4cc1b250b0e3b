"""Specs as JSON values and back: how they stand in jobs, manifests and network.json. Torch-free, as specs are."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from model.specs import (
    Budget,
    Corruption,
    Curriculum,
    Evaluation,
    FineTuning,
    Form,
    Mixing,
    Network,
    Objective,
    Optimizer,
    Order,
    Showing,
    Stage,
    Stream,
)

Spec = TypeVar("Spec")
_CLASSES = {
    c.__name__: c
    for c in (
        *(Network, Objective, Corruption, Showing, Order, Stream, Mixing, Optimizer, Budget, Stage, Curriculum),
        *(Form, FineTuning, Evaluation),
    )
}


def to_plain(spec: Any) -> Any:
    """A spec as JSON values, class names included: two classes with equal fields must not look alike."""
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        fields = {f.name: to_plain(getattr(spec, f.name)) for f in dataclasses.fields(spec)}
        return {"class": type(spec).__name__, **fields}
    if isinstance(spec, (tuple, list)):
        return [to_plain(item) for item in spec]
    if isinstance(spec, dict):
        return {str(key): to_plain(value) for key, value in spec.items()}
    if spec is None or isinstance(spec, (str, int, float, bool)):
        return spec
    raise TypeError(f"a spec holds dataclasses, tuples, dicts and JSON values, not {type(spec).__name__}: {spec!r}")


def from_plain(kind: type[Spec], plain: Any) -> Spec:
    """The spec that `to_plain` wrote; `kind` is the class expected."""
    spec = _revive(plain)
    if not isinstance(spec, kind):
        raise TypeError(f"expected a {kind.__name__}, found {type(spec).__name__}")
    return spec


def _revive(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_revive(item) for item in plain)
    if isinstance(plain, dict) and "class" in plain:
        return _CLASSES[plain["class"]](**{k: _revive(v) for k, v in plain.items() if k != "class"})
    if isinstance(plain, dict):
        return {key: _revive(value) for key, value in plain.items()}
    return plain
