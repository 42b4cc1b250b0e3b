"""The digest of code: what a task's entry modules say, and every module of this project that they import.

Imports are followed in the source, inside functions too. Comments, docstrings and layout do not count; the Python minor
version does, and what is imported for types alone does not. What is imported by a computed name (the plug-ins that a
spec names) is given by the task.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PACKAGES = ("data", "model", "report", "tasks", "pipeline")
_PROJECT = Path(__file__).parents[1]


def code_digests(entries: Iterable[str]) -> Mapping[str, str]:
    """The digest of each module reached from `entries`, by module name in sorted order, with Python's minor version."""
    seen: dict[str, str] = {}
    waiting = list(entries)
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        file = module_file(module)
        if file is None:
            raise ModuleNotFoundError(f"{module} is named as deciding code, but there is no such module")
        seen[module] = _module_digest(file, file.stat().st_mtime_ns)
        waiting.extend(_imports_of(file, module, file.stat().st_mtime_ns))
    return {"python": _python(), **dict(sorted(seen.items()))}


def digests_of(names: Iterable[str]) -> Mapping[str, str]:
    """The present digests of just these modules (`python` is the version); those that are gone are left out."""
    files = {name: module_file(name) for name in names if name != "python"}
    found = {name: _module_digest(file, file.stat().st_mtime_ns) for name, file in files.items() if file is not None}
    return {"python": _python(), **found}


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def module_file(module: str) -> Path | None:
    """The file of one of this project's modules, None where there is none. Nothing is imported."""
    path = _PROJECT.joinpath(*module.split("."))
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _module_digest(file: Path, _mtime_ns: int) -> str:
    tree = ast.parse(file.read_text("utf-8"))
    return hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest()


@functools.cache
def _imports_of(file: Path, module: str, _mtime_ns: int) -> tuple[str, ...]:
    is_package = file.name == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    found = set(_parents(module))
    for node in _run_nodes(ast.parse(file.read_text("utf-8"))):
        for name in _imported_names(node, package):
            if name.split(".")[0] in PACKAGES and module_file(name) is not None:
                found.update((name, *_parents(name)))
    return tuple(sorted(found - {module}))


def _run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those of `if TYPE_CHECKING:`, which nothing ever runs."""
    yield tree
    nodes: Iterable[ast.AST] = ast.iter_child_nodes(tree)
    if isinstance(tree, ast.If) and isinstance(tree.test, ast.Name) and tree.test.id == "TYPE_CHECKING":
        nodes = tree.orelse
    for node in nodes:
        yield from _run_nodes(node)


def _imported_names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = (
            importlib.util.resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
        )
        assert base is not None
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)  # a name may be a submodule


def _parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts)))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return tree
