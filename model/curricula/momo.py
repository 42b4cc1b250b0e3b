"""MoMo's pre-training: images, then images and text, then text and pairs, each update from all that a stage reads.

MoMo (Chada et al., 2023, arXiv 2304.05523). Its abstract is all that could be had: the stages and what each reads, one
encoder for all, and gradients of every modality in each update are its word. Objectives, rates, sizes and lengths are a
reconstruction (docs/momo.md). Torch-free, as all specs are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from data.errors import UserError
from model import readings as readings_text
from model.plugins import choose
from model.specs import (
    Budget,
    Corruption,
    Curriculum,
    Mixing,
    Network,
    Objective,
    Optimizer,
    Options,
    Order,
    Showing,
    Stage,
    Stream,
)

STREAMS: dict[str, tuple[str, ...]] = {
    "image": ("image",),
    "joint": ("text", "image"),
    "pair": ("text", "pair"),
    "all": ("text", "image", "pair"),
}
"""What each stage reads; `all` is the control: everything at once, for as many updates as all stages have."""
CORPORA = {"text": "text", "image": "image", "pair": "sentence"}
"""The corpus of each stream."""
ALTERNATE = "alternate"


@dataclass(frozen=True, kw_only=True)
class MomoReadings:
    """What an ablation changes, each by itself.

    `stages`: their names, a dot between two. `mixing`: `accumulate`, the gradients of all streams in every update, or
    `alternate`, one stream an update (FLAVA's way), and so many more updates that as many rows are read.
    `towers`: `shared`, or `separate`, an encoder for each modality. `order`: that of pairs, `shuffle` or `grit`.
    """

    stages: str = "image.joint.pair"
    mixing: str = "accumulate"
    towers: str = "shared"
    order: str = "shuffle"

    def before(self) -> MomoReadings | None:
        """Those of the stages before the last, without what makes no difference to them; None: there are none."""
        stages, _, _ = self.stages.rpartition(".")
        if not stages:
            return None
        is_mixed = any(len(STREAMS[name]) > 1 for name in stages.split("."))
        mixing = self.mixing if is_mixed else MomoReadings.mixing
        return dataclasses.replace(self, stages=stages, mixing=mixing, order=MomoReadings.order)


MOMO = MomoReadings()
_NAMED = {"momo": MOMO}


def parse(text: str) -> MomoReadings:
    """Those that a text names: `momo`, or with changes, `momo+stages=joint.pair+mixing=alternate`. Raises UserError."""
    found = readings_text.parse(text, _NAMED)
    unknown = [name for name in found.stages.split(".") if name not in STREAMS]
    if unknown:
        raise UserError(
            expected=f"stages among {', '.join(STREAMS)}, a dot between two",
            found=repr(found.stages),
            where=repr(text),
            way_out="for instance momo+stages=joint.pair",
        )
    return found


def spell(readings: MomoReadings) -> str:
    """The shortest text that names them."""
    return readings_text.spell(readings, _NAMED)


@dataclass(frozen=True, kw_only=True)
class MomoSizes:
    """Everything about MoMo that a profile decides. `num_steps` by stage; a stream's rows an update by its name.

    `learning_rates` are those of stages that have another than the optimizer's. `order_options` are the order grit's
    queue and search space. Of each image `drop_rate` is hidden where it is alone, `pair_drop_rate` beside masked words,
    and `contrast_drop_rate` where pairs are compared and matched (none: they are seen whole; FLIP, Li et al. 2023).
    `matching_weight`: how much matching counts beside each other objective.
    """

    network: Network
    optimizer: Optimizer
    num_steps: dict[str, int]
    batch_sizes: dict[str, int]
    text_length: int
    pair_length: int
    order_options: Options
    learning_rates: Mapping[str, float] = field(default_factory=dict)
    decoder: Options = field(default_factory=dict)
    view: Options = field(default_factory=dict)
    drop_rate: float = 0.75
    pair_drop_rate: float = 0.75
    contrast_drop_rate: float = 0.0
    matching_weight: float = 1.0
    num_threads: int = 2


PAPER = MomoSizes(
    network=Network(
        name="momo",
        images="patches",
        hidden_size=768,
        num_layers=12,
        num_heads=12,
        intermediate_size=3072,
        max_positions=512,
        dropout_rate=0.1,
        num_regions=196,
        region_feature_size=768,
    ),
    optimizer=Optimizer(
        name="adamw", learning_rate=5e-4, betas=(0.9, 0.95), weight_decay=0.05, warmup_rate=0.05, schedule="linear"
    ),
    num_steps={"image": 100_000, "joint": 100_000, "pair": 100_000, "all": 300_000},
    batch_sizes={"image": 512, "text": 512, "pair": 512},
    text_length=128,
    pair_length=40,
    order_options={"queue": 51_200, "search_space": 2048},
    decoder={"layers": 8, "width": 512, "heads": 16},
)
"""A ViT-base for pictures of 224 px. Every number is a reconstruction, MAE's and ALBEF's where there is one."""


MINIATURE = MomoSizes(
    network=Network(
        name="momo",
        hidden_size=64,
        num_layers=3,
        num_heads=4,
        intermediate_size=256,
        max_positions=64,
        dropout_rate=0.0,
        options={"joint_layers": 2, "embedding_size": 32, "num_candidates": 16, "init": "fan_in"},
    ),
    optimizer=Optimizer(
        name="adamw", learning_rate=2.5e-3, betas=(0.9, 0.98), weight_decay=0.01, warmup_rate=0.06, clip_norm=1.0
    ),
    learning_rates={"joint": 1e-3},
    num_steps={"image": 300, "joint": 300, "pair": 800, "all": 1400},
    batch_sizes={"image": 32, "text": 16, "pair": 32},
    text_length=32,
    pair_length=24,
    order_options={"queue": 480, "search_space": 160},
    decoder={"layers": 1, "width": 64, "heads": 4, "norm_pix": False},
    drop_rate=0.5,
    contrast_drop_rate=0.5,
    pair_drop_rate=0.5,
    matching_weight=3.0,
    num_threads=1,
)
"""On a detector's regions, as GRIT-VLP's. The first stages are short: after more of them comparing generalises less."""


PIXELS = dataclasses.replace(
    MINIATURE,
    network=dataclasses.replace(MINIATURE.network, images="patches", num_regions=49, region_feature_size=768),
    view={"crop_scale": (0.5, 1.0), "num_operations": 0},
)
"""The world's pictures of 112 px in patches of 16 px. Colours are what its captions speak of, so none is altered, and
patches are predicted as they are: many are of one colour, and normalised nothing would be left of them."""


def curriculum(sizes: MomoSizes, *, seed: int, readings: MomoReadings) -> Curriculum:
    """The stages that the readings name, each from the weights of the one before."""
    stages: list[Stage] = []
    for name in readings.stages.split("."):
        stages.append(_stage(name, sizes, readings, seed=seed, starts_from=stages[-1].name if stages else None))
    options = {**sizes.network.options, **({} if readings.towers == MOMO.towers else {"towers": readings.towers})}
    network = dataclasses.replace(sizes.network, options=options)
    return Curriculum(name="momo", network=network, stages=tuple(stages))


def _stage(name: str, sizes: MomoSizes, readings: MomoReadings, *, seed: int, starts_from: str | None) -> Stage:
    streams = STREAMS[name]
    num_steps = sizes.num_steps[name] * (len(streams) if readings.mixing == ALTERNATE else 1)
    learning_rate = sizes.learning_rates.get(name, sizes.optimizer.learning_rate)
    optimizer = dataclasses.replace(sizes.optimizer, learning_rate=learning_rate)
    return Stage(
        name=name,
        streams=tuple(_stream(each, sizes, readings) for each in streams),
        mixing=Mixing(name=readings.mixing, clock=streams[-1]) if len(streams) > 1 else Mixing(),
        budget=Budget(optimizer=optimizer, seed=seed, num_steps=num_steps, num_threads=sizes.num_threads),
        starts_from=starts_from,
    )


def _stream(name: str, sizes: MomoSizes, readings: MomoReadings) -> Stream:
    """The rows of a corpus, shown as they are and with parts hidden, as its objectives need it."""
    first, *more = _showings(name, sizes)
    orders = {"shuffle": Order(), "grit": Order(name="grit", options=sizes.order_options)}
    chosen = choose(orders, readings.order, where="order of MoMo's pairs")
    return Stream(
        corpus=CORPORA[name],
        name=name,
        max_length=sizes.text_length if name == "text" else sizes.pair_length,
        batch_size=sizes.batch_sizes[name],
        corruptions=first.corruptions,
        objectives=first.objectives,
        more=tuple(more),
        order=chosen if name == "pair" else Order(),
        view={} if name == "text" else sizes.view,
    )


def _showings(name: str, sizes: MomoSizes) -> tuple[Showing, ...]:
    words, mlm = Corruption(name="mask_words", options={"rate": 0.15}), Objective(name="mlm")
    mim = Objective(name="mim", options=sizes.decoder)
    contrast = (
        Objective(name="itc", options={"stops_gradient": False}),
        Objective(name="itm_in_batch", weight=sizes.matching_weight, options={"choice": "multinomial"}),
    )
    return {
        "text": (Showing(corruptions=(words,), objectives=(mlm,)),),
        "image": (Showing(corruptions=_drop(sizes.drop_rate), objectives=(mim,)),),
        "pair": (
            Showing(corruptions=_drop(sizes.contrast_drop_rate), objectives=contrast),
            Showing(corruptions=(words, *_drop(sizes.pair_drop_rate)), objectives=(mlm, mim)),
        ),
    }[name]


def _drop(rate: float) -> tuple[Corruption, ...]:
    return (Corruption(name="drop_patches", options={"rate": rate}),) if rate else ()
