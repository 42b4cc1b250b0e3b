"""GRIT-VLP's pre-training and its control's, ALBEF's, on pairs of pictures and captions, at any size.

GRIT-VLP (Byun et al., ECCV 2022): pairs that are alike share a mini-batch, negatives for matching are the most alike of
it, the two contrastive directions are kept consistent, and half of the words are masked. Torch-free, as all specs are.
What its abstract leaves open is its published code's; docs/grit.md says which.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from model import readings as readings_text
from model.momentum import Momentum
from model.specs import (
    Budget,
    Corruption,
    Curriculum,
    Network,
    Objective,
    Optimizer,
    Options,
    Order,
    Showing,
    Stage,
    Stream,
)


@dataclass(frozen=True, kw_only=True)
class GritReadings:
    """What GRIT-VLP has and ALBEF has not, each by itself: so an ablation is one field changed.

    `order`: `grit` or `shuffle`. `choice`: how matching's negatives are found: among the batch (`argmax`,
    `multinomial`), or in a list made before (`offline`, MSP's way). `consistency_weight`: 0 leaves it out. `mask_rate`:
    of words. `same_image`: whether another caption of an image is a mismatch of it (`negative`, the published code) or
    is left out (`ignored`). `momentum`: that of a teacher of ITC, which ALBEF has; 0 is none. `length`: share of the
    profile's epochs.
    """

    order: str = "grit"
    choice: str = "argmax"
    consistency_weight: float = 0.2
    mask_rate: float = 0.5
    same_image: str = "ignored"
    momentum: float = 0.0
    length: float = 1.0


OFFLINE = "offline"
"""The choice of negatives from a list: half of the texts are shown once more with a hard image that is not theirs."""
GRIT = GritReadings()
ALBEF = GritReadings(order="shuffle", choice="multinomial", consistency_weight=0.0, mask_rate=0.15)
"""The control. Without momentum, which neither the order nor the negatives need, unless it is asked for."""
_NAMED = {"grit": GRIT, "albef": ALBEF}


def parse(text: str) -> GritReadings:
    """Those that a text names: `grit`, `albef`, or one of them with changes, `grit+mask_rate=0.3+order=shuffle`.

    Raises UserError.
    """
    return readings_text.parse(text, _NAMED)


def spell(readings: GritReadings) -> str:
    """The shortest text that names them."""
    return readings_text.spell(readings, _NAMED)


@dataclass(frozen=True, kw_only=True)
class GritSizes:
    """Everything about GRIT-VLP that a profile decides. `order_options` are the order grit's queue and search space.

    `momentum_queue`: the rows that a teacher keeps.
    """

    network: Network
    optimizer: Optimizer
    batch_size: int
    max_length: int
    num_epochs: int
    order_options: Options
    momentum_queue: int = 65_536
    view: Options = field(default_factory=dict)
    num_threads: int = 2


PAPER = GritSizes(
    network=Network(
        name="albef",
        images="patches",
        hidden_size=768,
        num_layers=12,
        num_heads=12,
        intermediate_size=3072,
        max_positions=512,
        dropout_rate=0.1,
        num_regions=256,
        region_feature_size=768,
    ),
    optimizer=Optimizer(name="adamw", learning_rate=1e-4, weight_decay=0.02, warmup_rate=0.01, schedule="linear"),
    batch_size=512,
    max_length=25,
    num_epochs=20,
    order_options={"queue": 48_000, "search_space": 1920},
)
"""The published configuration's numbers. Its rate falls as a cosine, cut off at two thirds; ours linearly to 0."""


MINIATURE = GritSizes(
    network=Network(
        name="albef",
        hidden_size=64,
        num_layers=3,
        num_heads=4,
        intermediate_size=256,
        max_positions=64,
        dropout_rate=0.0,
        options={"image_layers": 2, "fusion_layers": 2, "embedding_size": 32, "num_candidates": 16, "init": "fan_in"},
    ),
    optimizer=Optimizer(
        name="adamw", learning_rate=2.5e-3, betas=(0.9, 0.98), weight_decay=0.01, warmup_rate=0.06, clip_norm=1.0
    ),
    batch_size=32,
    max_length=24,
    num_epochs=30,
    order_options={"queue": 480, "search_space": 160},
    momentum_queue=512,
    num_threads=1,
)
"""On a detector's regions: of the world's pixels little but backgrounds is learnt in minutes (docs/results.md)."""


PIXELS = dataclasses.replace(
    MINIATURE,
    network=dataclasses.replace(MINIATURE.network, images="patches", num_regions=49, region_feature_size=768),
    view={"crop_scale": (0.5, 1.0), "num_operations": 0},
)
"""The world's pictures of 112 px in patches of 16 px. Colours are what its captions speak of, so none is altered."""


def curriculum(sizes: GritSizes, *, seed: int, readings: GritReadings) -> Curriculum:
    """One stage on pairs."""
    is_grouped = readings.order == "grit"
    masked = Showing(
        corruptions=(Corruption(name="mask_words", options={"rate": readings.mask_rate}),),
        objectives=(Objective(name="mlm"),),
    )
    swapped = Showing(
        corruptions=(Corruption(name="swap_image", has_negatives=True),),
        objectives=(Objective(name="itm_hs"),),
    )
    is_offline = readings.choice == OFFLINE
    stream = Stream(
        corpus="sentence",
        max_length=sizes.max_length,
        batch_size=sizes.batch_size,
        corruptions=(),
        objectives=_of_pairs(readings, sizes.momentum_queue),
        order=Order(name=readings.order, options=sizes.order_options if is_grouped else {}),
        view=sizes.view,
        more=(masked, swapped) if is_offline else (masked,),
    )
    num_epochs = max(1, round(sizes.num_epochs * readings.length))
    budget = Budget(optimizer=sizes.optimizer, seed=seed, num_epochs=num_epochs, num_threads=sizes.num_threads)
    stage = Stage(name="pairs", streams=(stream,), budget=budget)
    return Curriculum(name="grit" if is_grouped else "albef", network=sizes.network, stages=(stage,))


def _of_pairs(readings: GritReadings, queue: int) -> tuple[Objective, ...]:
    """What is learnt from pairs as they are."""
    same_image = {"same_image": readings.same_image}
    itc = Objective(name="itc", options=same_image)
    if readings.momentum:
        momentum = Momentum(momentum=readings.momentum, queue=queue)
        itc = Objective(name="itc_momentum", options={**dataclasses.asdict(momentum), **same_image})
    matching = Objective(name="itm_in_batch", options={"choice": readings.choice, **same_image})
    consistency = Objective(name="consistency", weight=readings.consistency_weight, options=same_image)
    return (
        itc,
        *((consistency,) if readings.consistency_weight else ()),
        *(() if readings.choice == OFFLINE else (matching,)),
    )
