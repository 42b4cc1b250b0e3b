"""Sets what the arithmetic of a training or evaluating process depends on: the same on every run, or the fastest."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from data.errors import UserError
from model import allocator
from model.specs import Device, Mode, Precision


def set_up(device: Device, *, num_threads: int, seed: int, mode: Mode = "exact") -> None:
    """Everything that the arithmetic depends on is set here: kernels, threads, and the seed of what draws.

    Raises UserError where the device is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            expected="a GPU that torch can use",
            found=f"none (torch {torch.__version__})",
            where="device = cuda",
            way_out="set device = cpu, or install a CUDA build of torch on a machine with a GPU",
        )
    if mode == "exact":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's matrix products may differ
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    else:
        torch.set_float32_matmul_precision("high")
    torch.set_num_threads(num_threads)
    torch.manual_seed(seed)
    allocator.keep_what_was_freed()


def precision_of(device: Device, precision: Precision) -> torch.autocast:
    """Within it matrix products are of that precision; sums, norms and losses stay in float32."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bfloat16")


def full_precision(states: Tensor) -> torch.autocast:
    """Within it the products of `states` are in float32 again: scores that are compared must not become equal."""
    return torch.autocast(states.device.type, enabled=False)
