"""A run with believable invented numbers, as the result folders of docs/formats.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from data import schema
from data.regions.store import RegionRow, write_store
from data.writers import write_json, write_parquet, write_tensors
from model.spec_json import to_plain
from model.specs import Budget, Corruption, Curriculum, FineTuning, Form, Network, Objective, Optimizer, Stage, Stream
from tests.parts import only_part

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
VQA: dict[str, Any] = {
    "benchmark": "vqa",
    "title": "VQA v2",
    "about": "Answer a question about an image.",
    "address": "https://visualqa.org",
    "protocol": "soft score of the first answer",
    "split": "test",
    "data": ["vqa_questions", "vqa_annotations"],
    "sees": "pair",
    "is_zero_shot": False,
    "sizes": {"rows": 12, "images": 6, "possible answers": 24},
    "main": ["questions", "soft score"],
    "scores": {"questions": {"official accuracy": 61.5, "soft score": 60.25}},
    "baselines": {
        "majority": {"questions": {"official accuracy": 31.5, "soft score": 30.75}},
        "image withheld": {"questions": {"official accuracy": 41.5, "soft score": 40.5}},
    },
    "by_kind": {
        "what is": {"num_rows": 5, "model": 55.5, "majority": 20.5, "image withheld": None},
        "how many": {"num_rows": 7, "model": 65.5, "majority": 35.5, "image withheld": 45.5},
    },
    "published": {
        "LXMERT (test-dev)": {"questions": {"official accuracy": 72.42}},
        "LXMERT-S, MSP (minival)": {"questions": {"soft score": 68.49}},
        "LXMERT-S, MSP (test-dev)": {"questions": {"official accuracy": 71.1}},
    },
}
RANKS = {"R@1": 24.62, "R@5": 56.15, "R@10": 70.77}
RETRIEVAL: dict[str, Any] = {
    **VQA,
    "benchmark": "retrieval",
    "title": "Image-text retrieval",
    "is_zero_shot": True,
    "main": ["image_retrieval", "R@1"],
    "scores": {"image_retrieval": RANKS, "text_retrieval": RANKS},
    "baselines": {"chance": {"image_retrieval": {"R@1": 0.38, "R@5": 1.92, "R@10": 3.85}}},
    "by_kind": {},
    "published": {"LXMERT-S, MSP (Flickr30k 1K)": {"image_retrieval": {"R@1": 42.42, "R@5": 68.7, "R@10": 77.92}}},
}
WEIGHTS = {
    "encoder.embeddings.words.weight": (1000, 64),
    "encoder.layers.0.text_attention.query.weight": (64, 64),
    "encoder.layers.1.text_attention.query.weight": (64, 64),
    "encoder.pooler.weight": (64, 64),
    "encoder.vision.features.weight": (64, 2048),
    "heads.itm_hs.linear.bias": (2,),
}
"""Shapes of some tensors; as the paper counts 2 x 4,096 + 131,072 = 139,264, of 207,362 in all."""
IMAGES = tuple(f"coco:{number}" for number in range(1, 7))
LABELS = ("cone", "cat", "ring")


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
    return Curriculum(name="msp", network=network, stages=stages)


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


def write_images(folder: Path) -> Path:
    folder.mkdir()
    columns = {
        "image_id": IMAGES,
        "known_as": [[image_id] for image_id in IMAGES],
        "group_id": IMAGES,
        "split": ["train"] * 6,
        "pool": ["pretraining"] * 6,
        "file_name": [f"{number}.jpg" for number in range(1, 7)],
        "width_px": [80] * 6,
        "height_px": [40] * 6,
        "photo_id": [None] * len(IMAGES),
    }
    write_parquet(folder / "images.parquet", pa.table(columns, schema=schema.IMAGES), schema.IMAGES)
    return folder


def write_pictures(folder: Path) -> Path:
    """Five good pictures; the sixth is broken."""
    folder.mkdir()
    for number in range(1, 6):
        Image.new("RGB", (80, 40), (40 * number, 90, 200 - 30 * number)).save(folder / f"{number}.jpg")
    (folder / "6.jpg").write_bytes(b"no picture")
    return folder


def write_regions(folder: Path) -> Path:
    """Two regions with a label, cone (0.5) and cat (0.75) in all; the other 34 are not labelled."""
    folder.mkdir()
    ids, confidence, boxes = np.full(36, -1, np.int16), np.zeros(36, np.float32), np.zeros((36, 4), np.float32)
    ids[:3], confidence[:3] = (0, 1, 0), (0.5, 0.75, 0.25)
    boxes[:3] = ((0.25, 0.25, 0.5, 0.75), (0.5, 0.0, 1.0, 0.5), (0.0, 0.0, 0.125, 0.125))
    rows = [
        RegionRow(
            image_id=image_id,
            height_px=40,
            width_px=80,
            boxes_R4=boxes,
            object_ids_R=ids,
            object_conf_R=confidence,
            attribute_ids_R=ids,
            attribute_conf_R=confidence,
            features_RF=np.zeros((36, 2048), np.float16),
        )
        for image_id in IMAGES
    ]
    write_store(folder, rows, object_names=LABELS, attribute_names=("red",))
    return folder


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
    rows = [
        {
            "row_id": f"{image_id}#t",
            "image_id": image_id,
            "split": "validation" if image_id == "coco:4" else "train",
            "text": f"a red cone in picture {number}",
            "token_ids": [2, 5, 3],
            "topic_ids": [5],
            "source_ids": [image_id],
        }
        for number, image_id in enumerate(IMAGES, 1)
    ]
    write_rows(only_part(folder, "corpus"), rows, schema.CORPUS)
    rejected = {"source": "captions", "record": "17", "field": "text", "reason": "empty text"}
    write_rows(folder / "rejected.parquet", [rejected], schema.REJECTED)
    phrases = [{"image_id": "coco:1", "text": f"a cone falls {n} times", "reason": "has a verb"} for n in range(9)]
    write_rows(folder / "filtered.parquet", phrases, schema.FILTERED)
    return folder


def write_tagger(folder: Path) -> Path:
    folder.mkdir()
    rules = {"verb": {"precision": 0.875, "recall": 0.9375}, "aux": {"precision": None, "recall": 1.0}}
    write_json(folder / "scores.json", {"accuracy": 0.96, "num_sentences": 300, "num_words": 2800, **rules})
    return folder


def write_leaks(folder: Path) -> Path:
    folder.mkdir()
    none = {"num_images": 0, "num_rows": 0, "num_trained_rows": 1200, "known_by": {}, "examples": []}
    some = {"num_images": 37, "num_rows": 111, "num_trained_rows": 1200, "examples": ["coco:2#t", "coco:3#t"]}
    held = {"benchmark": "vqa", "split": "validation", "corpus": "TokenCorpus", "num_held_out_images": 405}
    leaks = [
        {**held, "split_by": "here", "part": "", **none},
        {**held, "split_by": "publisher", "part": "val2014", **some, "known_by": {"own id": 30, "photograph": 7}},
    ]
    write_json(folder / "leaks.json", {"leaks": leaks})
    return folder


def write_questions(folder: Path) -> Path:
    folder.mkdir()
    counts = {"rows": {"train": 1, "submit": 3}, "images": {"train": 2}, "read": 4, "rejected": {}, "filtered": {}}
    write_json(folder / "counts.json", counts)
    row = {
        "row_id": "vqa:1",
        "image_ids": ["coco:1", "coco:2"],
        "split": "train",
        "text": "how many cones?",
        "token_ids": [2, 3],
        "published": ["three", "two", "two"],
        "target_ids": [0],
        "target_scores": [0.5],
        "kind": "how many",
        "set_id": "",
        "place": 0,
    }
    write_rows(only_part(folder, "rows"), [row], schema.BENCHMARK_ROWS)
    return folder


def write_rows(path: Path, rows: list[dict[str, Any]], table_schema: pa.Schema) -> None:
    write_parquet(path, pa.Table.from_pylist(rows, schema=table_schema), table_schema)


def write_stage(folder: Path, name: str) -> Path:
    folder.mkdir()
    write_losses(folder, OBJECTIVES[name], STEPS[name])
    write_json(folder / "held_out.json", {objective: HELD_OUT[objective] for objective in OBJECTIVES[name]})
    write_tensors(
        folder / "weights.safetensors", {name: np.zeros(shape, np.float16) for name, shape in WEIGHTS.items()}
    )
    return folder


def write_record(folder: Path, seconds: float) -> Path:
    """The record of a training that went on after a kill, on two devices."""
    (folder / "rank-1").mkdir(parents=True)
    write_json(folder / "run.json", {"training_seconds": seconds, "first_step": 120})
    table = pa.table({"step": [1, 2, 3], "peak_bytes": [10**9, 3 * 10**9, 2 * 10**9]})
    write_parquet(folder / "speed.parquet", table, table.schema)
    return folder


def write_losses(folder: Path, objectives: tuple[str, ...], num_steps: int) -> None:
    steps = np.arange(num_steps)
    generator = np.random.default_rng(num_steps)
    columns = {"step": steps.astype(np.int32), "learning_rate": np.full(num_steps, 2.5e-3)}
    columns["gradient_norm"] = steps / 1e3
    total = np.zeros(num_steps)
    for objective in objectives:
        first, last = LOSSES.get(objective, (0.7, 0.4))
        loss = last + (first - last) * np.exp(-steps / (num_steps / 5)) + generator.normal(0, 0.12 * last, num_steps)
        columns[f"loss_{objective}"] = loss
        total += loss
    table = pa.table({**columns, "loss": total})
    write_parquet(folder / "metrics.parquet", table, table.schema)


def write_fine_tuning(folder: Path) -> Path:
    folder.mkdir()
    write_losses(folder, ("answer",), 60)
    epochs = [{"epoch": n, "step": 20 * n, "validation": score} for n, score in ((1, 50.5), (2, 58.75), (3, 57.125))]
    write_json(folder / "epochs.json", {"metric": ["questions", "soft score"], "epochs": epochs, "best": 2})
    spec = FineTuning(
        benchmark="vqa",
        form=Form(name="answer", options={"loss": "soft_bce"}),
        max_length=20,
        batch_size=32,
        budget=Budget(optimizer=Optimizer(name="adamw", learning_rate=5e-5), seed=1, num_epochs=3),
    )
    write_json(folder / "network.json", {"fine_tuning": to_plain(spec)})
    return folder


def write_evaluation(folder: Path, scores: dict[str, Any], answers: dict[str, str]) -> Path:
    """Predictions for twelve rows; the first answer is `answers`' one or no, and yes is always right."""
    folder.mkdir(parents=True)
    (folder / "scores.json").write_text(json.dumps(scores, sort_keys=True))
    rows = [prediction(number, answers.get(f"vqa:{number:02}", "no")) for number in range(12)]
    write_rows(folder / "predictions.parquet", rows, schema.PREDICTIONS)
    return folder


def prediction(number: int, answer: str) -> dict[str, Any]:
    return {
        "row_id": f"vqa:{number:02}",
        "image_ids": [IMAGES[number % 6]],
        "text": f"is there a cone in picture {number}?",
        "kind": "what is" if number % 2 else "how many",
        "truth": ["yes"],
        "answers": [answer, "perhaps"],
        "probabilities": [0.75, 0.125],
        "credit": float(answer == "yes"),
    }
