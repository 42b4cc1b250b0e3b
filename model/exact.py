"""Makes the arithmetic of a training or evaluating process the same on every run."""

from __future__ import annotations

import os

import torch

from data.errors import UserError
from model.specs import Device


def make_exact(device: Device, *, num_threads: int, seed: int) -> None:
    """Everything that the arithmetic depends on is set here: deterministic kernels, threads, and dropout's seed.

    Raises UserError where the device is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            expected="a GPU that torch can use",
            found=f"none (torch {torch.__version__})",
            where="device = cuda",
            way_out="set device = cpu, or install a CUDA build of torch on a machine with a GPU",
        )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's matrix products may differ
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_num_threads(num_threads)
    torch.manual_seed(seed)
