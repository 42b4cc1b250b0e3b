"""Pictures of images as tensors: read, decoded and shown as a view says, by threads, and normalised on the device.

Threads, since Pillow decodes, resizes and moves pixels without Python's lock, and nothing is copied between processes.
Which thread makes which picture, and in what order, decides nothing: a view's numbers are drawn by row.
Legend: B rows, H height and W width of a view, 3 red, green and blue, K numbers of a row.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from data.errors import SourceError
from data.pictures.decoding import decode
from data.pictures.store import PictureStore
from data.pictures.views import Colours, View
from data.regions.pictures import PictureError
from model.batch import Draws

_NUM_ROOMS = 2  # one is filled while the other is on its way to the GPU


class Pictures:
    """The pictures of a store on a device. The threads live as long as the `with` block."""

    def __init__(self, store: PictureStore, *, device: torch.device | str = "cpu", num_threads: int = 2) -> None:
        self.device = torch.device(device)
        self._store = store
        self._threads = ThreadPoolExecutor(num_threads, thread_name_prefix="pictures")
        is_gpu = self.device.type == "cuda"
        self._rooms: list[_Room] = [_Room(self.device) for _ in range(_NUM_ROOMS)] if is_gpu else []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def take(
        self,
        images_B: Tensor,
        keys_B: NDArray[np.uint64],
        draws: Draws,
        view: View,
        *,
        may_flip_B: NDArray[np.bool_] | None = None,
    ) -> Tensor:
        """The pictures of some rows of the store as the view shows them, uint8, (B, 3, H, W), on the device.

        `keys_B` are the keys of the corpus's rows: two rows of one image see it differently. `may_flip_B` is False
        where left and right must stay as they are (`data.sides.name_a_side`); None: they may change everywhere.
        """
        shares_BK = view.draw(draws.seed, draws.epoch, keys_B)
        rows, may_flip = images_B.tolist(), [True] * len(keys_B) if may_flip_B is None else may_flip_B.tolist()

        def fill(pictures_B3HW: NDArray[np.uint8]) -> None:
            def show(number: int) -> None:
                shown = view.show(self._decoded(rows[number]), shares_BK[number], may_flip=may_flip[number])
                pictures_B3HW[number] = np.asarray(shown).transpose(2, 0, 1)

            for _ in self._threads.map(show, range(len(rows))):
                pass  # what a thread raised is raised here

        return self._filled((len(rows), 3, view.size_px, view.size_px), fill)

    def _filled(self, shape: tuple[int, ...], fill: Callable[[NDArray[np.uint8]], None]) -> Tensor:
        """A tensor on the device, filled on the host."""
        if not self._rooms:
            pictures_B3HW = torch.empty(shape, dtype=torch.uint8)
            fill(pictures_B3HW.numpy())
            return pictures_B3HW.to(self.device)
        self._rooms.reverse()
        return self._rooms[0].filled(shape, fill)

    def _decoded(self, row: int) -> Image.Image:
        try:
            return decode(self._store.read(row))
        except PictureError as error:
            raise SourceError(
                expected=f"a picture of {self._store.image_ids[row]} that can be decoded, as it could be before",
                found=str(error),
                where="PictureStore",
                way_out="build it again: multigrain rebuild PictureStore",
            ) from error


@dataclass
class _Room:
    """Pinned memory that is used again, as soon as what it held has been copied to the GPU."""

    device: torch.device
    _bytes: Tensor | None = None
    _copied: torch.cuda.Event | None = None

    def filled(self, shape: tuple[int, ...], fill: Callable[[NDArray[np.uint8]], None]) -> Tensor:
        """A tensor of that shape on the GPU; nothing waits for the copy."""
        num_bytes = int(np.prod(shape))
        if self._copied is not None:
            self._copied.synchronize()
        if self._bytes is None or len(self._bytes) < num_bytes:
            self._bytes = torch.empty(num_bytes, dtype=torch.uint8, pin_memory=True)
        room = self._bytes[:num_bytes].view(shape)
        fill(room.numpy())
        sent = room.to(self.device, non_blocking=True)
        self._copied = torch.cuda.current_stream(self.device).record_event()
        return sent


def normalised(pictures_B3HW: Tensor, colours: Colours) -> Tensor:
    """Values of 0 to 255 as shares of 255, less the mean, by the deviation: float32, where the pictures are."""
    channels = enumerate(zip(colours.mean, colours.deviation, strict=True))  # as plain numbers, which wait for no copy
    shares_BHW = (
        (pictures_B3HW[:, number].to(torch.float32) / 255).sub_(mean).div_(deviation)
        for number, (mean, deviation) in channels
    )
    return torch.stack(tuple(shares_BHW), dim=1)
