"""Features of boxes by a network of torch: one pass over a batch of pictures, then RoIAlign on its last map.

Each picture is shrunk or enlarged, its shape kept, until its longer side is that of a square, and lies in the upper
left of it; what is left is zeros, as the network's own padding.
Everything that bytes rest on is fixed here: one thread, deterministic kernels, float32 throughout, the same pictures
in a batch. They still differ between kinds of processor, as trained weights do.
Legend: B pictures of a batch, C colours (3), S side of the square, R regions, F features, H and W sides of a map.
"""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.backbones import BackboneSettings, Device, Extractor, View, no_library
from data.errors import UserError
from data.regions.weights import first_line

if TYPE_CHECKING:
    from torch import Tensor, nn

_NUM_READERS = {"cpu": 1, "cuda": 8}  # threads that open the next pictures meanwhile
_HIGHEST = 255


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model, what gives its last map (B, F, H, W) of pictures (B, C, S, S), and mean and deviation of its colours."""

    model: nn.Module
    last_map: Callable[[Tensor], Tensor]
    mean_C: Sequence[float]
    deviation_C: Sequence[float]


def opening(make: Callable[[BackboneSettings], Network]) -> Callable[[BackboneSettings], Extractor]:
    """What a `Backbone` needs to be opened, of what makes its network."""
    return partial(_open, make=make)


def library(name: str, settings: BackboneSettings) -> ModuleType:
    """A library, or a module of one. Raises UserError where it cannot be imported."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # torchvision raises RuntimeError beside a torch that it was not built for
        found = f"{type(error).__name__}: {first_line(error)}"
        raise no_library(name.partition(".")[0], settings, found=found) from error


def unknown_model(settings: BackboneSettings, *, nearest: Sequence[str]) -> UserError:
    """The error for a model that a library has not."""
    return UserError(
        expected=f"a model of {settings.name}",
        found=repr(settings.model),
        where=settings.setting,
        way_out=f"did you mean {' or '.join(nearest)}?" if nearest else f"look it up in the list of {settings.name}",
    )


def _open(settings: BackboneSettings, *, make: Callable[[BackboneSettings], Network]) -> FeatureMaps:
    os.environ["HF_HUB_OFFLINE"] = "1"  # before timm or transformers is imported: what is not here is an error
    _make_exact(settings.device)
    return FeatureMaps(make(settings), settings)


def _make_exact(device: Device) -> None:
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            expected="a GPU that torch can use",
            found=f"none (torch {torch.__version__})",
            where="[RegionFeatures] device = cuda",
            way_out="set device = cpu, or install a CUDA build of torch on a machine with a GPU",
        )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's matrix products may differ
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_num_threads(1)  # processes are the parallelism, and the number of threads may change sums


class FeatureMaps:
    """An open network. Raises UserError where it cannot look at pictures of the size that is set."""

    def __init__(self, network: Network, settings: BackboneSettings) -> None:
        self._network = network
        self._settings = settings
        self._mean_C = np.array(network.mean_C, np.float32)
        self._deviation_C = np.array(network.deviation_C, np.float32)
        network.model.eval().to(settings.device)
        self.num_features = self._tried()

    def features(self, views: Sequence[View]) -> Iterator[NDArray[np.float32]]:
        """The features of each view, (R, F); while a batch is looked at, the pictures of the next are opened."""
        size = self._settings.batch_size
        waiting: deque[list[Future[_Canvas]]] = deque()
        with ThreadPoolExecutor(_NUM_READERS[self._settings.device]) as readers:
            for start in range(0, len(views), size):
                waiting.append([readers.submit(self._canvas, view) for view in views[start : start + size]])
                if len(waiting) > 1:
                    yield from self._look(waiting.popleft())
            while waiting:
                yield from self._look(waiting.popleft())

    def _canvas(self, view: View) -> _Canvas:
        side = self._settings.side_px
        picture = view.open()
        longer = max(picture.size)
        width, height = (max(round(side * length / longer), 1) for length in picture.size)
        pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)
        canvas_CSS = np.zeros((3, side, side), np.float32)
        canvas_CSS[:, :height, :width] = ((pixels / _HIGHEST - self._mean_C) / self._deviation_C).transpose(2, 0, 1)
        shares_4 = np.array([width, height, width, height], np.float32) / np.float32(side)
        return _Canvas(pixels_CSS=canvas_CSS, boxes_R4=view.boxes_R4 * shares_4)

    def _look(self, batch: Sequence[Future[_Canvas]]) -> Iterator[NDArray[np.float32]]:
        import torch

        from data.regions.roi_align import roi_align

        canvases = [canvas.result() for canvas in batch]
        pictures_BCSS = torch.from_numpy(np.stack([canvas.pixels_CSS for canvas in canvases]))
        boxes_BR4 = torch.from_numpy(np.stack([canvas.boxes_R4 for canvas in canvases]))
        device = self._settings.device
        try:
            with torch.inference_mode():
                map_BFHW = self._network.last_map(pictures_BCSS.to(device))
                features_BRF = roi_align(map_BFHW, boxes_BR4.to(device)).cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise self._too_large(error) from error
        yield from features_BRF

    def _tried(self) -> int:
        """F, seen by looking at a grey picture."""
        import torch

        side = self._settings.side_px
        try:
            with torch.inference_mode():
                found = self._network.last_map(torch.zeros(1, 3, side, side, device=self._settings.device))
        except torch.OutOfMemoryError as error:
            raise self._too_large(error) from error
        except Exception as error:  # a model may be for anything, or for pictures of one size alone
            raise self._no_map(f"{type(error).__name__}: {first_line(error)}") from error
        if not isinstance(found, torch.Tensor) or found.ndim != 4 or not found.numel():
            raise self._no_map(f"numbers of shape {tuple(found.shape)}" if hasattr(found, "shape") else "no numbers")
        return found.shape[1]

    def _no_map(self, found: str) -> UserError:
        side = self._settings.side_px
        return UserError(
            expected=f"a model that makes of {side} x {side} pixels a map of shape (pictures, features, rows, columns)",
            found=found,
            where=self._settings.setting,
            way_out="take a convolutional model (a ResNet, say); if it is one, another picture_side_px",
        )

    def _too_large(self, error: Exception) -> UserError:
        return UserError(
            expected="room on the GPU for a batch of pictures",
            found=first_line(error),
            where=f"[RegionFeatures] pictures_per_batch = {self._settings.batch_size}",
            way_out="set fewer pictures_per_batch, or a smaller picture_side_px",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Canvas:
    """A picture on its square, normalised, and its boxes as shares of the square."""

    pixels_CSS: NDArray[np.float32]
    boxes_R4: NDArray[np.float32]
