"""What turns a picture and its boxes into features: one library of models a file; the folder is the list.

A file defines `BACKBONE = Backbone(...)` and imports its library only when it is opened, which is in a worker.
`[RegionFeatures] backbone` is the name of a file and, after a colon, of a model of its library.
Legend: R regions of one picture, F features of a region.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.errors import UserError
from data.regions import pictures

Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, kw_only=True)
class BackboneSettings:
    """A backbone and how it is run: with the pictures and the bytes of the weights, all that decides its features.

    Pictures are looked at `batch_size` at a time, each on a square of `side_px` pixels.
    """

    name: str = "pixels"
    model: str = ""
    weights: Path | None = None
    device: Device = "cpu"
    side_px: int = 448
    batch_size: int = 8

    @property
    def setting(self) -> str:
        """The setting that chose it, for messages."""
        return f"[RegionFeatures] backbone = {self.name}{':' if self.model else ''}{self.model}"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A picture that is still to be opened, and where to look: boxes (R, 4) as shares of its sides."""

    path: Path
    size_px: tuple[int, int]
    boxes_R4: NDArray[np.float32]

    def open(self) -> Image.Image:
        """The picture in RGB."""
        return pictures.open_picture(self.path, self.size_px)


class Extractor(Protocol):
    """A backbone that is open."""

    @property
    def num_features(self) -> int:
        """F."""
        ...

    def features(self, views: Sequence[View]) -> Iterator[NDArray[np.float32]]:
        """The features of the boxes of each view, (R, F), in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """What a file of this folder declares.

    `libraries` decide the features with their versions; torch among them. `is_standardised`: features are whole
    numbers, to be standardised over the pictures of the train split. `weights`: what `[RegionFeatures] weights` is.
    """

    open: Callable[[BackboneSettings], Extractor]
    libraries: tuple[str, ...] = ()
    weights: Literal["file", "folder"] | None = None
    is_standardised: bool = False


def backbone_names() -> tuple[str, ...]:
    """The names of all backbones, in order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def backbone(name: str) -> Backbone:
    """The backbone in the file `name`, which is there."""
    return cast(Backbone, importlib.import_module(f"{__name__}.{name}").BACKBONE)


@functools.cache  # a worker opens it once for all its shards
def opened(settings: BackboneSettings) -> Extractor:
    """The backbone of these settings. Raises UserError where model, weights and device do not allow it."""
    return backbone(settings.name).open(settings)


def check(settings: BackboneSettings) -> None:
    """Raise UserError where a name, a library or the weights are missing. Imports no library."""
    declared = backbone(settings.name)
    if declared.weights is None:
        _check_plain(settings)
        return
    if not settings.model:
        raise UserError(
            expected=f"a model of {settings.name}",
            found="none",
            where=settings.setting,
            way_out=f"name it after a colon: backbone = {settings.name}:MODEL",
        )
    for library in declared.libraries:
        if find_spec(library) is None:
            raise no_library(library, settings, found="it is not installed")
    _check_weights(settings, declared.weights)


def no_library(library: str, settings: BackboneSettings, *, found: str) -> UserError:
    """The error for a library that cannot be used."""
    return UserError(
        expected=f"the library {library}, for a backbone of {settings.name}",
        found=found,
        where=settings.setting,
        way_out=f"pip install 'multigrain[{settings.name}]' (with a torch that fits it), or leave the backbone out",
    )


def _check_plain(settings: BackboneSettings) -> None:
    if settings.model or settings.weights is not None:
        raise UserError(
            expected=f"{settings.name} alone, which has neither models nor weights",
            found=f"the model {settings.model!r}" if settings.model else f"weights = {settings.weights}",
            where=settings.setting,
            way_out=f"set no weights and backbone = {settings.name}, or one of {', '.join(backbone_names())}",
        )


def _check_weights(settings: BackboneSettings, kind: Literal["file", "folder"]) -> None:
    path = settings.weights
    if path is not None and (path.is_file() if kind == "file" else path.is_dir()):
        return
    found = "none" if path is None else _kind(path)
    raise UserError(
        expected=f"a {kind} with the weights of {settings.model}",
        found=found,
        where=f"[RegionFeatures] weights = {path or ''}",
        way_out=f"nothing is ever downloaded here: download them once, and set weights to the {kind}",
    )


def _kind(path: Path) -> str:
    if not path.exists():
        return "nothing there"
    return "a folder" if path.is_dir() else "a file"
