"""What planning imports of the model must not import torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "module",
    [
        "model.specs",
        "model.curricula.msp",
        "model.plugins",
        "model.lxmert_readings",
        "model.huggingface.export",
        "model.huggingface.folder",
    ],
)
def test_planning_needs_no_torch(module: str) -> None:
    code = f"import {module}, sys; sys.exit('torch' in sys.modules or 'luigi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_training_needs_no_luigi() -> None:
    code = "import model.train, model.finetune, model.evaluate, sys; sys.exit('luigi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
