"""No code asks which network, curriculum or system it has before it: what differs stands in the file of that name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from model import plugins

CHECKOUT = Path(__file__).parents[1]
LAYERS = ("data", "model", "report", "tasks", "pipeline")
NAMES = {*plugins.names("networks"), *plugins.names("curricula")}
SYSTEMS = {path.stem for path in (CHECKOUT / "tasks/systems").glob("*.py")} - {"__init__"}


def asked(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts that something is compared with, or matched against, and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from texts([node.left, *node.comparators])
        elif isinstance(node, ast.MatchValue):
            yield from texts([node.value])


def texts(nodes: list[ast.expr]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.lineno, part.value


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_is_decided_by_a_name(layer: str) -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{line} {text}"
        for path in sorted((CHECKOUT / layer).rglob("*.py"))
        for line, text in asked(ast.parse(path.read_text("utf-8")))
        if text in NAMES | SYSTEMS and text != path.stem
    ]
    assert found == []


def test_a_comparison_with_a_name_would_be_found() -> None:
    code = "def f(name):\n    if name == 'momo':\n        return 1\n    return 2 if name in ('albef',) else 3"
    assert [text for _, text in asked(ast.parse(code))] == ["momo", "albef"]
