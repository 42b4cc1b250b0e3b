"""A run with believable invented numbers, as the result folders of docs/formats.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data.writers import write_json, write_parquet
from model.specs import (
    Benchmark,
    Budget,
    Corruption,
    Curriculum,
    Network,
    Objective,
    Optimizer,
    Stage,
    Stream,
    to_plain,
)
from report.contents import ReportInputs

OBJECTIVES = {
    "token": ("mlm", "mrfr", "moc", "ifrs"),
    "phrase": ("mlm", "mrfr", "moc", "titp"),
    "sentence": ("mlm", "mrfr", "moc", "tits", "itm_hs"),
}
CORPORA = {"token": "TokenCorpus", "phrase": "PhraseCorpus", "sentence": "SentenceCorpus"}
STEPS = {"token": 600, "phrase": 600, "sentence": 2000}
LOSSES = {"mlm": (4.6, 1.3), "mrfr": (1.0, 0.71), "moc": (5.1, 2.2), "ifrs": (1.3, 0.8)}
HELD_OUT: dict[str, dict[str, Any]] = {
    "mlm": {"metric": "loss", "model": 1.39, "blind": {"unigrams": 3.71}, "num_rows": 320},
    "mrfr": {"metric": "loss", "model": 0.7125, "blind": {"mean_feature": 0.95}, "num_rows": 320},
    "moc": {"metric": "loss", "model": 2.25, "blind": {"label_frequencies": 4.5}, "num_rows": 320},
    "ifrs": {
        "metric": "loss",
        "model": 0.81,
        "blind": {"mean_of_the_triplet": 0.9, "unshuffled_input": 1.62, "mean_feature": 1.02},
        "num_rows": 160,
    },
    "titp": {"metric": "average_precision", "model": 0.75, "blind": {"label_frequencies": 0.25}, "num_rows": 480},
    "tits": {"metric": "average_precision", "model": 0.5, "blind": {"label_frequencies": 0.75}, "num_rows": 320},
    "itm_hs": {"metric": "accuracy", "model": 0.723, "blind": {"majority": 0.503}, "num_rows": 320},
}
SCORES = {
    "benchmark": "retrieval",
    "protocol": "zero-shot-1cap",
    "split": "test",
    "num_images": 260,
    "num_texts": 260,
    "comparable": True,
    "scores": {
        "image_retrieval": {"R@1": 24.62, "R@5": 56.15, "R@10": 70.77},
        "text_retrieval": {"R@1": 26.15, "R@5": 58.08, "R@10": 71.92},
    },
    "chance": {
        "image_retrieval": {"R@1": 0.38, "R@5": 1.92, "R@10": 3.85},
        "text_retrieval": {"R@1": 0.38, "R@5": 1.92, "R@10": 3.85},
    },
    "published": {
        "LXMERT-S, MSP (Flickr30k 1K, zero-shot)": {
            "image_retrieval": {"R@1": 42.42, "R@5": 68.7, "R@10": 77.92},
            "text_retrieval": {"R@1": 49.0, "R@5": 75.0, "R@10": 81.8},
        },
        "ViLBERT (Flickr30k 1K, zero-shot)": {"image_retrieval": {"R@1": 31.86, "R@5": 61.12, "R@10": 72.8}},
    },
}

MakeInputs = Callable[..., ReportInputs]


@pytest.fixture
def make_inputs(tmp_path: Path) -> MakeInputs:
    """Writes a whole run under tmp_path and gives its inputs; keywords replace fields of them."""

    def make(**fields: Any) -> ReportInputs:
        return ReportInputs(
            **{
                "title": "Token, phrase, sentence on a generated world",
                "is_world": True,
                "profile": "miniature",
                "curriculum": to_plain(curriculum()),
                "corpora": {
                    name: write_corpus(tmp_path / name, scale) for scale, name in enumerate(CORPORA.values(), 1)
                },
                "stages": {name: write_stage(tmp_path / name, name) for name in OBJECTIVES},
                "benchmarks": {"retrieval": write_benchmark(tmp_path / "retrieval", SCORES)},
                "left_out": ("GQA: no questions are set ([sources] gqa_questions).",),
                **fields,
            }
        )

    return make


def curriculum() -> Curriculum:
    network = Network(
        name="lxmert_s",
        hidden_size=64,
        num_layers=2,
        num_heads=4,
        intermediate_size=256,
        max_positions=64,
        dropout_rate=0.0,
        options={"init": "scaled"},
    )
    names = list(OBJECTIVES)
    stages = tuple(stage(name, before) for name, before in zip(names, [None, *names[:-1]], strict=True))
    return Curriculum(name="msp", network=network, stages=stages, benchmarks=(Benchmark(name="retrieval"),))


def stage(name: str, before: str | None) -> Stage:
    stream = Stream(
        corpus=CORPORA[name],
        max_length=24,
        batch_size=16,
        corruptions=(Corruption(name="mask_words", options={"rate": 0.15}), Corruption(name="mask_regions")),
        objectives=tuple(Objective(name=objective) for objective in OBJECTIVES[name]),
    )
    budget = Budget(optimizer=Optimizer(name="adamw", learning_rate=2.5e-3), seed=1, num_steps=STEPS[name])
    return Stage(name=name, streams=(stream,), budget=budget, starts_from=before)


def write_corpus(folder: Path, scale: int) -> Path:
    folder.mkdir()
    write_json(
        folder / "counts.json",
        {
            "rows": {"train": 1200 * scale, "validation": 160 * scale, "test": 260 * scale},
            "images": {"train": 1200, "validation": 160, "test": 260},
            "read": 1700 * scale,
            "rejected": {"no region features": 15 * scale, "empty text": 1},
            "filtered": {"has a verb": 64 * scale},
            "notes": {"texts cut at the greatest length": 12, "topics per row": 1.875},
        },
    )
    return folder


def write_stage(folder: Path, name: str) -> Path:
    folder.mkdir()
    num_steps = STEPS[name]
    steps = np.arange(num_steps)
    generator = np.random.default_rng(len(name))
    columns = {
        "step": steps.astype(np.int32),
        "learning_rate": np.full(num_steps, 2.5e-3),
        "gradient_norm": steps / 1e3,
    }
    total = np.zeros(num_steps)
    for objective in OBJECTIVES[name]:
        first, last = LOSSES.get(objective, (0.7, 0.4))
        loss = last + (first - last) * np.exp(-steps / (num_steps / 5)) + generator.normal(0, 0.12 * last, num_steps)
        columns[f"loss_{objective}"] = loss
        total += loss
    table = pa.table({**columns, "loss": total})
    write_parquet(folder / "metrics.parquet", table, table.schema)
    write_json(folder / "held_out.json", {objective: HELD_OUT[objective] for objective in OBJECTIVES[name]})
    return folder


def write_benchmark(folder: Path, scores: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "scores.json").write_text(json.dumps(scores, sort_keys=True))
    return folder
