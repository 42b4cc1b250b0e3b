"""The facts that a job is about: of its images as its network sees them, of its words, and of hard negatives."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from data import vocabulary
from data.pictures.store import PictureStore
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.vocabulary import Vocabulary
from model import facts
from model.facts import Facts
from model.job import Job
from model.patches import Grid, PatchStore, texts_of
from model.regions import ImageStore
from model.specs import ImagesSeen, Network


def read(this: Job) -> Facts:
    """The facts in the job's inputs: about the images as its network sees them."""
    network = this.read_spec(Network, this.network)
    words = vocabulary.load(this.folder("vocabulary"))
    store = _IMAGES[network.images](this, network, words)
    return facts.of(store, words, negatives=this.inputs.get("hard_negatives"))


def _regions(this: Job, network: Network, words: Vocabulary) -> ImageStore:
    return RegionStore.open(this.folder("regions") / REGIONS_FILE)


def _patches(this: Job, network: Network, words: Vocabulary) -> ImageStore:
    pictures = PictureStore.open(this.folder("pictures"), this.folders)
    num_threads = len(os.sched_getaffinity(0))  # it changes no byte
    return PatchStore(
        pictures,
        Grid.of(network),
        colours=network.colours,
        num_threads=num_threads,
        texts_of=texts_of(words.tokens),
    )


_IMAGES: Mapping[ImagesSeen, Callable[[Job, Network, Vocabulary], ImageStore]] = {
    "regions": _regions,
    "patches": _patches,
}
