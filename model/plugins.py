"""Finds a plug-in by the name of its file: Objective(name="mlm") is model/objectives/mlm.py. The folder is the list."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeVar

from data.errors import UserError
from model.specs import Options

Kind = Literal["networks", "objectives", "corruptions", "orders", "mixings", "forms", "benchmarks", "curricula"]
Choice = TypeVar("Choice")
Settings = TypeVar("Settings")


def names(kind: Kind) -> tuple[str, ...]:
    """The names of all plug-ins of a kind, in order."""
    folder = Path(__file__).parent / kind
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(folder)])))


def load(kind: Kind, name: str) -> ModuleType:
    """The module of one plug-in. Raises UserError with the nearest name where there is none."""
    check(kind, name)
    return importlib.import_module(f"model.{kind}.{name}")


def check(kind: Kind, name: str) -> None:
    """Raise UserError with the nearest name where there is no such plug-in."""
    if name not in names(kind):
        nearest = difflib.get_close_matches(name, names(kind), n=1, cutoff=0.0)
        raise UserError(
            expected=f"one of the {kind}: {', '.join(names(kind))}",
            found=repr(name),
            where=f"model/{kind}",
            way_out=f"did you mean {nearest[0]!r}?" if nearest else f"add model/{kind}/{name}.py",
        )


def says(kind: Kind, name: str, attribute: str) -> bool:
    """Whether a class in a plug-in's file sets that attribute to True, by its source: nothing is imported, so no torch.

    Raises UserError where there is no such plug-in.
    """
    check(kind, name)
    tree = ast.parse((Path(__file__).parent / kind / f"{name}.py").read_text("utf-8"))
    return any(_sets(node, attribute) for node in ast.walk(tree))


def _sets(node: ast.AST, attribute: str) -> bool:
    """Whether a statement sets that name to True."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    is_named = any(isinstance(target, ast.Name) and target.id == attribute for target in targets)
    return is_named and isinstance(node.value, ast.Constant) and node.value.value is True


def choose(table: Mapping[str, Choice], name: str, *, where: str) -> Choice:
    """The entry of `table` that an option names. Raises UserError with the names there are."""
    if name not in table:
        raise UserError(
            expected=f"one of {', '.join(table)}", found=repr(name), where=where, way_out="choose one of these"
        )
    return table[name]


def read_options(kind: type[Settings], options: Options, *, where: str) -> Settings:
    """A plug-in's options as its frozen dataclass. Raises UserError on one that it does not have."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # only ever dataclasses
    for name in sorted(set(options) - known):
        nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
        raise UserError(
            expected=f"options among {', '.join(sorted(known)) or '(none)'}",
            found=repr(name),
            where=where,
            way_out=f"did you mean {nearest[0]!r}?" if nearest else "leave the options empty",
        )
    return kind(**options)
