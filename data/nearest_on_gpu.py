"""Candidates for exact neighbours by torch, on a GPU: what passes may differ from what numpy lets pass, the result not.

Legend: M vectors, B of a block, F dimensions, W chunks of vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.errors import UserError
from data.nearest import CHUNKS, LEAST, Among, Pairs, half_squares, slack

if TYPE_CHECKING:
    from torch import Tensor


class TorchSieve:
    """As ProductSieve. Imports torch, so it is to be made in a worker."""

    def __init__(self, among: Among, *, device: str = "cuda") -> None:
        import torch  # in a worker alone: this project's parent process never loads it

        if device == "cuda" and not torch.cuda.is_available():
            raise UserError(
                expected="a GPU that torch can use",
                found="none",
                where="[HardNegatives] search_on = gpu",
                way_out="search on the processor, search_on = cpu: the same neighbours",
            )
        torch.backends.cuda.matmul.allow_tf32 = False  # float32 as it is: the bound on rounding rests on it
        self._among = among
        self._vectors_MF = torch.from_numpy(np.array(among.vectors_MF)).to(device)
        half_squares_M = half_squares(among)
        self._half_squares_M = None if half_squares_M is None else torch.from_numpy(half_squares_M).to(device)
        self._slack = float(slack(among))

    def __call__(self, block: range) -> Pairs:
        """All vectors whose product is not below a floor that enough products reach."""
        import torch

        rough_BM = self._vectors_MF[block.start : block.stop] @ self._vectors_MF.T
        if self._half_squares_M is not None:
            rough_BM -= self._half_squares_M
        duplicates = self._among.duplicates(block)
        device = rough_BM.device
        own = torch.from_numpy(duplicates.rows).to(device), torch.from_numpy(duplicates.places).to(device)
        rough_BM[own] = -torch.inf
        floor_B1 = (self._floor(rough_BM) - self._slack).clamp(min=float(LEAST))
        rows, places = torch.nonzero(rough_BM >= floor_B1, as_tuple=True)
        return Pairs(rows=rows.cpu().numpy(), places=places.cpu().numpy())

    def _floor(self, rough_BM: Tensor) -> Tensor:
        """As ProductSieve's; here the last few vectors are in no chunk, which lowers the floor a little."""
        wanted = self._among.num_candidates
        num_rows, num_vectors = rough_BM.shape
        if num_vectors < wanted:
            return rough_BM.new_full((num_rows, 1), -float("inf"))
        best_BW = rough_BM
        if num_vectors >= 2 * CHUNKS * wanted:
            num_chunks = num_vectors // CHUNKS
            best_BW = rough_BM[:, : num_chunks * CHUNKS].reshape(num_rows, CHUNKS, num_chunks).amax(dim=1)
        return best_BW.topk(wanted, dim=1).values[:, -1:]
