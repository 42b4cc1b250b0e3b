"""Specs of the size of the tiny set: what is trained on it, and judged."""

from __future__ import annotations

import dataclasses
from typing import Any

from model.curricula import msp
from model.specs import (
    Budget,
    Corruption,
    Evaluation,
    FineTuning,
    Form,
    Network,
    Objective,
    Optimizer,
    Order,
    Stage,
    Stream,
)
from tests.model.tiny import NUM_FEATURES, NUM_REGIONS


def tiny_network(**changes: Any) -> Network:
    sizes: dict[str, Any] = {
        "name": "lxmert_s",
        "hidden_size": 16,
        "num_layers": 2,
        "num_heads": 2,
        "intermediate_size": 32,
        "max_positions": 16,
        "dropout_rate": 0.1,
        "num_regions": NUM_REGIONS,
        "region_feature_size": NUM_FEATURES,
        "options": {"init": "fan_in"},
    }
    return Network(**{**sizes, **changes})


ALL_OBJECTIVES = tuple(Objective(name=name) for name in ("mlm", "mrfr", "moc", "ifrs", "titp", "tits", "itm_hs"))
ALL_CORRUPTIONS = tuple(
    Corruption(name=name) for name in ("swap_image", "mask_words", "mask_regions", "shuffle_triplets")
)


GROUPED = Order(name="grit", options={"queue": 20, "search_space": 10})


def tiny_stage(*, num_steps: int = 12, **changes: Any) -> Stage:
    stream = Stream(
        corpus="sentence", max_length=12, batch_size=5, corruptions=ALL_CORRUPTIONS, objectives=ALL_OBJECTIVES
    )
    optimizer = Optimizer(name="adamw", learning_rate=5e-3, warmup_rate=0.1, clip_norm=1.0)
    budget = Budget(optimizer=optimizer, seed=3, num_steps=num_steps, num_threads=1)
    parts: dict[str, Any] = {"name": "sentence", "streams": (stream,), "budget": budget}
    return Stage(**{**parts, **changes})


def tiny_streams() -> tuple[Stream, Stream]:
    """Two streams of the one corpus: words and regions, and matching."""
    words = Stream(
        name="words",
        corpus="sentence",
        max_length=12,
        batch_size=5,
        corruptions=(Corruption(name="mask_words"), Corruption(name="mask_regions")),
        objectives=(Objective(name="mlm"), Objective(name="mrfr", weight=0.5)),
    )
    matching = Stream(
        name="matching",
        corpus="sentence",
        max_length=12,
        batch_size=7,
        corruptions=(Corruption(name="swap_image"), Corruption(name="mask_words")),
        objectives=(Objective(name="itm_hs"), Objective(name="mlm")),
    )
    return words, matching


def tiny_stage_of_msp(name: str, *, num_steps: int) -> Stage:
    """A stage of MSP, on the tiny corpus."""
    (stage,) = (stage for stage in msp.curriculum(msp.MINIATURE, seed=1).stages if stage.name == name)
    streams = tuple(
        dataclasses.replace(stream, corpus="sentence", max_length=12, batch_size=5) for stream in stage.streams
    )
    return tiny_stage(num_steps=num_steps, streams=streams)


FORMS = {
    "vqa": Form(name="answer"),
    "nlvr2": Form(name="answer", options={"loss": "cross_entropy"}),
    "retrieval": Form(name="match"),
    "zero_shot_retrieval": Form(name="match"),
}


def tiny_fine_tuning(benchmark: str = "vqa", *, num_epochs: int = 2, **changes: Any) -> FineTuning:
    optimizer = Optimizer(name="adamw", learning_rate=5e-3, warmup_rate=0.1, clip_norm=1.0)
    parts: dict[str, Any] = {
        "benchmark": benchmark,
        "form": FORMS[benchmark],
        "max_length": 12,
        "batch_size": 5,
        "budget": Budget(optimizer=optimizer, seed=3, num_epochs=num_epochs, num_threads=1),
    }
    return FineTuning(**{**parts, **changes})


def tiny_evaluation(benchmark: str = "vqa", **changes: Any) -> Evaluation:
    parts: dict[str, Any] = {
        "benchmark": benchmark,
        "sources": ("vqa_questions",),
        "form": FORMS[benchmark],
        "max_length": 12,
        "num_threads": 1,
    }
    return Evaluation(**{**parts, **changes})
