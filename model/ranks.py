"""The processes that train together, one for each device (`torchrun`), and how their gradients become one.

One sum of all gradients after the last pass of an update, by hand: an update has several passes of which each uses some
heads, and DistributedDataParallel leaves out what the last of them did not use.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from data.errors import UserError
from model.specs import Device

_BUCKET_BYTES = 64 << 20
_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """This process is number `rank` of `number`."""

    rank: int = 0
    number: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that reports and writes."""
        return self.rank == 0

    def add_up(self, tensors: Iterable[Tensor]) -> None:
        """Put the sum over all processes in place of each tensor; the same tensors in the same order everywhere."""
        if self.number == 1:
            return
        for bucket in _buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
            distributed.all_reduce(flat)
            start = 0
            for tensor in bucket:
                tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
                start += tensor.numel()

    def tell(self, tensor: Tensor) -> None:
        """Put the first process's values in place of everyone's."""
        if self.number > 1:
            distributed.broadcast(tensor, src=0)

    def add_up_gradients(self, parameters: Sequence[nn.Parameter], *, is_idle: bool) -> None:
        """Sum the gradients of all processes. `is_idle`: some process has no rows, so that it has no gradients."""
        if self.number == 1:
            return
        if is_idle:
            has_gradient = torch.tensor([float(p.grad is not None) for p in parameters], device=parameters[0].device)
            distributed.all_reduce(has_gradient)
            for parameter, has in zip(parameters, has_gradient.tolist(), strict=True):
                if has and parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
        self.add_up(p.grad for p in parameters if p.grad is not None)

    def any(self, here: bool) -> bool:
        """Whether it is so in any of the processes; all must ask."""
        flag = torch.tensor([float(here)], device="cuda" if distributed.get_backend() == "nccl" else "cpu")
        distributed.all_reduce(flag)
        return bool(flag.item())


ALONE = Ranks()


def join(device: Device) -> Ranks:
    """This process's place among those that `torchrun` started with it; alone where it was not."""
    number = int(os.environ.get("WORLD_SIZE", "1"))
    if number == 1:
        return ALONE
    if device == "cuda":
        torch.cuda.set_device(_gpu())
    distributed.init_process_group("nccl" if device == "cuda" else "gloo", timeout=_PATIENCE)
    return Ranks(rank=distributed.get_rank(), number=number)


def leave() -> None:
    """Part from the others."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _gpu() -> int:
    """This process's own GPU. Raises UserError where there are fewer than processes."""
    number, wanted = torch.cuda.device_count(), int(os.environ["LOCAL_WORLD_SIZE"])
    if number < wanted:
        raise UserError(
            expected=f"a GPU for each of {wanted} processes",
            found=f"{number}",
            where="num_devices, or --nproc-per-node of torchrun",
            way_out=f"set it to at most {number}",
        )
    return int(os.environ["LOCAL_RANK"])


def _buckets(tensors: Iterable[Tensor]) -> Iterable[list[Tensor]]:
    """Tensors of one type, some at a time, so that few large messages are sent."""
    bucket: list[Tensor] = []
    num_bytes = 0
    for tensor in tensors:
        if bucket and (num_bytes > _BUCKET_BYTES or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, num_bytes = [], 0
        bucket.append(tensor)
        num_bytes += tensor.numel() * tensor.element_size()
    if bucket:
        yield bucket
