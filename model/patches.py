"""Pictures as images in pieces: their patches, as the rows of a batch see them.

A picture is squeezed or cropped into a square, and that cut into squares: pieces are those, from left to right and from
top to bottom, each the 3 x side x side numbers of red, green and blue, as DeiT's patches have them.
Legend: B rows, R patches, S patches of a side, F numbers of a patch, P pixels of a patch's side, N sources, I pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from data.pictures.store import PictureStore
from data.pictures.views import COLOURS, Evaluation, Training, View
from data.sides import name_a_side
from model.batch import HIDDEN, Batch, Draws
from model.pictures import Pictures, normalised
from model.plugins import choose, read_options
from model.regions import BatchFeatures, Features, Labels, Pieces
from model.specs import Network, Options

_CHANNELS = 3
_NOT_KNOWN = -1


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A square of `num_across` x `num_across` patches of `patch_px` x `patch_px` pixels."""

    num_across: int
    patch_px: int

    @classmethod
    def of(cls, network: Network) -> Grid:
        """The one whose patches are the network's regions. Raises UserError where there is none."""
        num_across = round(network.num_regions**0.5)
        patch_px = round((network.region_feature_size / _CHANNELS) ** 0.5)
        if num_across**2 != network.num_regions or _CHANNELS * patch_px**2 != network.region_feature_size:
            raise UserError(
                expected="a square number of regions, and 3 x side x side numbers of a region: patches of a picture",
                found=f"num_regions {network.num_regions}, region_feature_size {network.region_feature_size}",
                where=f"the network {network.name}, which sees patches",
                way_out="for pictures of 256 px in patches of 16 px: 256 and 768",
            )
        return cls(num_across=num_across, patch_px=patch_px)

    @property
    def num_patches(self) -> int:
        """How many patches a picture has."""
        return self.num_across**2

    @property
    def size_px(self) -> int:
        """The side of the square."""
        return self.num_across * self.patch_px

    def cut(self, pictures_B3HW: Tensor) -> Tensor:
        """The patches of some squares, (B, R, F)."""
        rows, (across, side) = len(pictures_B3HW), (self.num_across, self.patch_px)
        split = pictures_B3HW.view(rows, _CHANNELS, across, side, across, side)
        return split.permute(0, 2, 4, 1, 3, 5).reshape(rows, self.num_patches, _CHANNELS * side**2)

    def boxes(self) -> Tensor:
        """x1, y1, x2, y2 of each patch as shares of the square, (R, 4)."""
        edges = torch.arange(self.num_across + 1) / self.num_across
        top, left = (grid.flatten() for grid in torch.meshgrid(edges[:-1], edges[:-1], indexing="ij"))
        return torch.stack([left, top, left + edges[1], top + edges[1]], 1)


class PatchStore(Pieces):
    """The pictures of a store in patches. Nothing is known of what a patch shows.

    `texts_of` gives the texts of the rows of a batch, so that one that says left or right keeps its picture as it is.
    """

    object_names: Sequence[str] = ()
    attribute_names: Sequence[str] = ()

    def __init__(
        self,
        store: PictureStore,
        grid: Grid,
        *,
        colours: str,
        num_threads: int,
        texts_of: Callable[[Batch], Sequence[str]],
    ) -> None:
        self.image_ids = store.image_ids
        self.row_of = store.row_of
        self.grid = grid
        self.feature_size = _CHANNELS * grid.patch_px**2
        self.colours = choose(COLOURS, colours, where="colours of pictures")
        self.texts_of = texts_of
        self._store = store
        self._num_threads = num_threads

    def labels(self, images_B: Tensor) -> Labels:
        """Where the patches lie; what they show is not known."""
        shape = (len(images_B), self.grid.num_patches)
        nothing_BR, none_BR = torch.zeros(shape), torch.full(shape, _NOT_KNOWN)
        return Labels(
            boxes_BR4=self.grid.boxes().expand(*shape, 4),
            object_ids_BR=none_BR,
            object_conf_BR=nothing_BR,
            attribute_ids_BR=none_BR,
            attribute_conf_BR=nothing_BR,
        )

    def training_view(self, options: Options) -> View:
        """Options: those of `data.pictures.views.Training`, but for its size."""
        return read_options(Training, {**options, "size_px": self.grid.size_px}, where="view of pictures")

    def seen(
        self,
        images_I: Tensor,
        keys_I: NDArray[np.uint64],
        draws: Draws,
        view: View,
        *,
        may_flip_I: NDArray[np.bool_],
    ) -> Tensor:
        """Each image as its key has it, so that one may be seen in several ways at once."""
        return self.features("cpu").shown(images_I.numpy(), keys_I, draws, view, may_flip_I)

    def features(self, device: torch.device | str) -> Patches:
        """Decoded as they are asked for."""
        return Patches(self, Pictures(self._store, device=device, num_threads=self._num_threads))


class Patches(Features):
    """Patches as shares of the colours' deviations, float32; of a picture as it is, or as a batch's rows see it."""

    def __init__(self, store: PatchStore, pictures: Pictures) -> None:
        self.device = pictures.device
        self.store = store
        self._pictures = pictures

    def take(self, sources: Tensor) -> Tensor:
        """Of the pictures as they are; each is decoded once."""
        images_I, place_N = np.unique(sources.flatten().numpy() // self.store.grid.num_patches, return_inverse=True)
        keys_I = np.zeros(len(images_I), np.uint64)
        view = Evaluation(size_px=self.store.grid.size_px)
        patches_IRF = self.shown(np.maximum(images_I, 0), keys_I, Draws(seed=0, epoch=0), view, None)
        return self.gathered(patches_IRF, torch.from_numpy(place_N).view(sources.shape), sources)

    def seen_by(self, batch: Batch) -> BatchFeatures:
        """As the rows of a training's batch see them: each cropped, mirrored and altered by its own draws."""
        return BatchFeatures(self) if batch.view is None else SeenPatches(self, batch)

    def seen(self, batch: Batch) -> Tensor:
        """The patches that the rows of a batch see by its view, (B, R, F)."""
        assert batch.view is not None
        assert batch.draws is not None
        may_flip_B = ~name_a_side(self.store.texts_of(batch))
        return self.shown(batch.images_B.numpy(), batch.keys_B, batch.draws, batch.view, may_flip_B)

    def gathered(self, patches_BRF: Tensor, rows: Tensor, sources: Tensor) -> Tensor:
        """The patches of some sources, of the given rows; zeros where HIDDEN."""
        places = torch.where(sources == HIDDEN, 0, sources % self.store.grid.num_patches)
        taken = patches_BRF[rows.to(self.device), places.to(self.device)]
        return taken.masked_fill((sources == HIDDEN).to(self.device)[..., None], 0.0)

    def shown(
        self,
        images_B: NDArray[np.int64],
        keys_B: NDArray[np.uint64],
        drawn: Draws,
        view: View,
        may_flip_B: NDArray[np.bool_] | None,
    ) -> Tensor:
        """The patches of some pictures by a view, (B, R, F); `may_flip_B` None: all may be mirrored."""
        pictures = self._pictures.take(torch.from_numpy(images_B), keys_B, drawn, view, may_flip_B=may_flip_B)
        return self.store.grid.cut(normalised(pictures, self.store.colours))


class SeenPatches(BatchFeatures):
    """The patches of a batch's own pictures. Those of other pictures are not shown to it."""

    def __init__(self, patches: Patches, batch: Batch) -> None:
        super().__init__(patches)
        self._patches = patches
        self._images_B = batch.images_B
        self._seen_BRF = patches.seen(batch)

    def take(self, sources: Tensor, rows: Tensor) -> Tensor:
        """Raises UserError where a source is of another picture than its row's."""
        is_other = (sources != HIDDEN) & (sources // self._patches.store.grid.num_patches != self._images_B[rows])
        if is_other.any():
            raise UserError(
                expected="patches of the row's own picture",
                found="some of another one",
                where="the corruptions of a stream of pictures",
                way_out="set random_share = 0 in mask_regions",
            )
        return self._patches.gathered(self._seen_BRF, rows, sources)


def texts_of(tokens: Sequence[str]) -> Callable[[Batch], Sequence[str]]:
    """Gives the texts of a batch's rows, their word pieces put together."""

    def spell(batch: Batch) -> Sequence[str]:
        rows: list[list[int]] = batch.true_text_BL.tolist()
        return [" ".join(tokens[piece] for piece in row).replace(" ##", "") for row in rows]

    return spell
