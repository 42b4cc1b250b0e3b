"""What tasks that train or judge a network read of images: regions of a detector, or pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from model.specs import ImagesSeen, Network
from tasks.images import RegionFeatures
from tasks.node import Input
from tasks.pictures import PictureStore
from tasks.sources import source_inputs

_FOLDER = "folder."


def image_inputs(network: Network, *, profile: str) -> dict[str, Input]:
    """The inputs for what the network sees of images."""
    return _INPUTS[network.images](profile)


def with_folders(inputs: Mapping[str, str]) -> dict[str, Any]:
    """A job's inputs as docs/formats.md has them: the user's folders of pictures by source."""
    found: dict[str, Any] = {name: path for name, path in inputs.items() if not name.startswith(_FOLDER)}
    folders: dict[str, list[str]] = {}
    for name, path in inputs.items():
        if name.startswith(_FOLDER):
            folders.setdefault(name.split(".")[1], []).append(path)
    return {**found, "picture_folders": folders} if folders else found


def _regions(profile: str) -> dict[str, Input]:
    return {"regions": Input(node=RegionFeatures(profile=profile))}


def _patches(profile: str) -> dict[str, Input]:
    """The store, and the folders too where it holds no picture itself."""
    store = PictureStore(profile=profile)
    kept = {} if store.keep == "bytes" else source_inputs(store.source_names(), profile=profile)
    return {"pictures": Input(node=store), **{f"{_FOLDER}{name}": given for name, given in kept.items()}}


_INPUTS: Mapping[ImagesSeen, Callable[[str], dict[str, Input]]] = {"regions": _regions, "patches": _patches}
