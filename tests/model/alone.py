"""Texts alone and images alone on the tiny set, and the least network that reads either.

`mnli`: does a second sentence name a thing of the first? `stsb`: how many of two things two sentences share.
`image_classes`: which object is left in the picture.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from data.pictures.store import PictureStore
from model import plugins
from model.batch import Output
from model.exams import Exam, read
from model.exercise import Shown
from model.facts import Facts
from model.networks import Encoder
from model.specs import Network
from model.transformer import SelfAttentionLayer
from tests.model import tiny_pictures
from tests.model.tiny import NUM_IMAGES, OBJECTS, PIECES, benchmark_row, objects_of, write_benchmark

LABELS = ("entailment", "neutral")


class Either(Encoder):
    """One stack of layers for word pieces, patches or both, behind a [CLS] of its own."""

    reads_alone = True

    def __init__(self, network: Network, num_words: int) -> None:
        super().__init__()
        width = network.hidden_size
        self.cls = nn.Embedding(1, width)
        self.words = nn.Embedding(num_words, width)
        self.positions = nn.Embedding(network.max_positions, width)
        self.patches = nn.Linear(network.region_feature_size, width)
        self.places = nn.Linear(4, width)
        self.layers = nn.ModuleList(SelfAttentionLayer(network) for _ in range(network.num_layers))

    def forward(self, shown: Shown, regions_BRD: Tensor | None = None) -> Output:
        raise NotImplementedError

    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        embedded: Tensor = self.words(text_BL) + self.positions.weight[: text_BL.shape[1]]
        return embedded

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        embedded: Tensor = self.patches(regions_BRF.float()) + self.places(boxes_BR4)
        return embedded

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        cls_B1D = self.cls.weight.expand(len(text_BLD), 1, -1)
        states_BKD = torch.cat([cls_B1D, text_BLD, regions_BRD], dim=1)
        seen = text_mask_BL.new_ones
        mask_BK = torch.cat([seen(len(text_BLD), 1), text_mask_BL, seen(regions_BRD.shape[:2])], dim=1)
        for layer in self.layers:
            states_BKD = layer(states_BKD, mask_BK)
        return states_BKD[:, 0]

    def repeated(self) -> nn.ModuleList:
        return self.layers


def build(network: Network, *, tokens: tuple[str, ...]) -> Encoder:
    return Either(network, len(tokens))


def install(patch: pytest.MonkeyPatch) -> None:
    """Have the network `either` found beside those of model/networks."""
    load = plugins.load
    module = types.SimpleNamespace(build=build)
    patch.setattr(plugins, "load", lambda kind, name: module if name == "either" else load(kind, name))


def either(**changes: Any) -> Network:
    return tiny_pictures.albef(name="either", options={"init": "fan_in"}, **changes)


def write(root: Path) -> Path:
    """The folders `mnli`, `stsb` and `image_classes` below `root`, and the pictures."""
    for name in ("mnli", "stsb", "image_classes"):
        (root / name).mkdir()
    write_benchmark(root / "mnli", _pairs(), LABELS)
    write_benchmark(root / "stsb", _likenesses(), ("5",))
    write_benchmark(root / "image_classes", _classes(), tuple(sorted(OBJECTS)))
    tiny_pictures.write(root / "store")
    return root


def exam(name: str, root: Path, facts: Facts) -> Exam:
    """A benchmark on the rows that `write` left; the frozen ones have those of `image_classes`."""
    folder = root / ("image_classes" if name.startswith("image_classes") else name)
    return read(name, folder, facts=facts, max_length=16, sees="pair")


def facts_of(root: Path) -> Facts:
    return tiny_pictures.tiny_facts(PictureStore.open(root / "store"))


def _text(*names: str, second: str = "") -> dict[str, Any]:
    first = [piece for name in names for piece in (12, *PIECES[name])]
    token_ids = [2, *first, 3, *([12, *PIECES[second], 3] if second else [])]
    text = " ".join(f"a {name}" for name in names) + (f" [SEP] a {second}" if second else "")
    return {"image_ids": [], "text": text, "token_ids": token_ids}


def _pairs() -> list[dict[str, Any]]:
    return [
        benchmark_row(
            f"mnli:{image}-{name}",
            (image,),
            published=[LABELS[label]],
            target_ids=[label],
            target_scores=[1.0],
            kind="things",
            **_text(*(OBJECTS[shown] for shown in objects_of(image)[2:4]), second=name),
        )
        for image in range(NUM_IMAGES)
        for number, name in enumerate(OBJECTS)
        for label in (int(number not in objects_of(image)),)
    ]


def _likenesses() -> list[dict[str, Any]]:
    rows = []
    for image in range(NUM_IMAGES):
        for number, name in enumerate(OBJECTS):
            score = 2.5 * objects_of(image)[2:4].count(number)
            targets = {"target_ids": [0], "target_scores": [score / 5]} if score else {}
            names = (OBJECTS[shown] for shown in objects_of(image)[2:4])
            made = {"published": [f"{score:.3f}"], **targets, **_text(*names, second=name)}
            rows.append(benchmark_row(f"stsb:{image}-{number}", (image,), **made))
    return rows


def _classes() -> list[dict[str, Any]]:
    rows = []
    for image in range(NUM_IMAGES):
        name = OBJECTS[objects_of(image)[0]]
        target = {"target_ids": [sorted(OBJECTS).index(name)], "target_scores": [1.0]}
        rows.append(benchmark_row(f"coco:{image:03}", (image,), text="", token_ids=[], published=[name], **target))
    return rows
