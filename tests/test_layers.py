"""The direction of imports, read in the source: pipeline -> tasks -> model -> data, and report -> data."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
LAYERS = ("data", "model", "report", "tasks", "pipeline")
MAY_IMPORT = {
    "data": {"data"},
    "model": {"model", "data"},
    "report": {"report", "data"},
    "tasks": {"tasks", "report", "model", "data"},
    "pipeline": {"pipeline", "tasks", "data"},
}
TORCH_FREE_OF_MODEL = (
    "model.specs",
    "model.spec_json",
    "model.plugins",
    "model.lxmert_readings",
    "model.albef_readings",
    "model.momo_readings",
    "model.huggingface.export",
    "model.huggingface.folder",
    "model.huggingface.kinds",
    "model.huggingface.albef_names",
    "model.curricula",
    "model.benchmarks",
    "model.metrics",
    "model.momentum",
    "model.msp_chains",
    "model.msp_readings",
)


def modules(layer: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((CHECKOUT / layer).rglob("*.py")):
        yield str(path.relative_to(CHECKOUT)), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def imported_at_module_level(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imported(node)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_from_the_layers_below_it(layer: str) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules(layer)
        for name in imported(tree)
        if name.split(".")[0] in LAYERS and name.split(".")[0] not in MAY_IMPORT[layer]
    ]
    assert wrong == []


def test_luigi_is_known_only_to_tasks_and_pipeline() -> None:
    wrong = [path for layer in ("data", "model", "report") for path, tree in modules(layer) if "luigi" in roots(tree)]
    assert wrong == []


def test_no_torch_at_module_level_outside_model() -> None:
    heavy = {"torch", "spacy", "thinc", "timm", "torchvision", "transformers"}
    wrong = [
        f"{path} imports {name}"
        for layer in ("data", "report", "tasks", "pipeline")
        for path, tree in modules(layer)
        for name in imported_at_module_level(tree)
        if name.split(".")[0] in heavy
    ]
    assert wrong == []


def test_tasks_know_of_model_only_what_is_free_of_torch() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules("tasks")
        for name in imported(tree)
        if name.startswith("model.") and not name.startswith(TORCH_FREE_OF_MODEL)
    ]
    assert wrong == []


def test_what_is_free_of_torch_in_model_imports_none_at_module_level() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree in modules("model")
        for name in imported_at_module_level(tree)
        if path.removesuffix(".py").replace("/", ".").startswith(TORCH_FREE_OF_MODEL) and name.split(".")[0] == "torch"
    ]
    assert wrong == []


def test_importing_the_pipeline_imports_no_torch_and_no_spacy() -> None:
    program = "import sys, pipeline; print(sorted({'torch', 'spacy', 'thinc'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.strip() == "[]"


def roots(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in imported(tree)}
