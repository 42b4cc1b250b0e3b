"""A vision transformer's tensors in the shapes that they have here.

Legend: N positions with that of [CLS], D width, S patches of a side, T of a side of the pictures that are seen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from model.huggingface.folder import refused
from model.huggingface.names import FUSED

POSITIONS = "encoder.vision.positions.weight"
_OF_PATCHES = (POSITIONS, "heads.mim.positions")
_QUERY = ".attention.query."


def flat(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convolutions over patches as linear layers, tables without a batch, and an attention's projections in one."""
    found = {name: _flattened(tensor) for name, tensor in tensors.items()}
    for name in [name for name in found if _QUERY in name]:
        parts = [name.replace(_QUERY, f".attention.{part}.") for part in FUSED.split("_")]
        if all(part in found for part in parts):
            found[name.replace(_QUERY, f".attention.{FUSED}.")] = torch.cat([found.pop(part) for part in parts])
    return found


def fitted(weights: Mapping[str, Tensor], own: Mapping[str, Tensor], *, where: Path) -> dict[str, Tensor]:
    """Weights of a network of one's own whose pictures had another number of patches: positions as `own` has them.

    Raises UserError where there is no square of them.
    """
    return {
        name: resized(tensor, len(own[name]), where=where) if name in _OF_PATCHES and name in own else tensor
        for name, tensor in weights.items()
    }


def resized(positions_ND: Tensor, num_positions: int, *, where: Path) -> Tensor:
    """Positions of a square of patches for one of another size, by bicubic interpolation; [CLS] keeps its own.

    Raises UserError where they are not of a [CLS] and a square.
    """
    if len(positions_ND) == num_positions:
        return positions_ND
    cls_1D, patches_ND = positions_ND[:1], positions_ND[1:]
    before, after = (round((number - 1) ** 0.5) for number in (len(positions_ND), num_positions))
    if before**2 != len(patches_ND):
        raise refused(
            where,
            "positions of a [CLS] and of a square of patches",
            f"{len(positions_ND)} positions",
            "start from a vision transformer of square pictures without a second token",
        )
    square_1DSS = patches_ND.T.reshape(1, -1, before, before)
    fitted_1DTT = functional.interpolate(square_1DSS, size=(after, after), mode="bicubic", align_corners=False)
    return torch.cat([cls_1D, fitted_1DTT.flatten(2)[0].T])


def _flattened(tensor: Tensor) -> Tensor:
    return {3: lambda: tensor[0], 4: lambda: tensor.flatten(1)}.get(tensor.dim(), lambda: tensor)()
