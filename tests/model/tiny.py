"""A tiny set of artifacts that fit each other: 24 images of 6 regions with 8 features, captions that name the objects.

Images 0-15 train, 16-19 validation, 20-23 test. Image i shows the objects i % 4 and (i // 4) % 4, three regions each;
features are the object's one-hot, twice, plus noise, so that everything can be learnt. Three benchmarks on them, under
the names of real ones: `vqa` asks which object is beside a named one (each object once an image, and "a" of test images
to submit), `nlvr2` whether two images both show an object, `retrieval` has the captions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa

from data import draws
from data.schema import BENCHMARK_ROWS, CORPUS
from data.writers import write_parquet
from model import facts
from model.facts import Facts
from model.spec_json import to_plain
from tests.parts import only_part

TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dog", "cat", "ball", "rac", "##ket", "red", "blue", "a", "and")
OBJECTS = ("dog", "cat", "ball", "red racket")
ATTRIBUTES = ("red", "blue")
PIECES = {"dog": [5], "cat": [6], "ball": [7], "red racket": [10, 8, 9]}
ANSWERS = ("ball", "cat", "dog", "red racket")
NUM_IMAGES, NUM_REGIONS, NUM_FEATURES = 24, 6, 8


def image_id(image: int) -> str:
    return f"coco:{image:03}"


def split_of(image: int) -> str:
    return "train" if image < 16 else "validation" if image < 20 else "test"


@dataclass(frozen=True, kw_only=True)
class TinySet:
    """Folders as the results of RegionFeatures, Vocabulary, HardNegatives and a corpus."""

    regions: Path
    vocabulary: Path
    hard_negatives: Path
    corpus: Path
    vqa: Path
    nlvr2: Path
    retrieval: Path

    def benchmark(self, name: str) -> Path:
        folders = {"vqa": self.vqa, "nlvr2": self.nlvr2, "retrieval": self.retrieval}
        return {**folders, "zero_shot_retrieval": self.retrieval}[name]

    def facts(self) -> Facts:
        return facts.read(regions=self.regions, words=self.vocabulary, negatives=self.hard_negatives)

    def inputs(self, **others: str) -> dict[str, Any]:
        return {
            "regions": str(self.regions),
            "vocabulary": str(self.vocabulary),
            "hard_negatives": str(self.hard_negatives),
            "corpora": {"sentence": str(self.corpus)},
            "start": None,
            **others,
        }

    def benchmark_inputs(self, name: str, **others: str) -> dict[str, Any]:
        return {**self.inputs(**others), "corpora": {"benchmark": str(self.benchmark(name))}}


def make(root: Path) -> TinySet:
    """Write all of it below `root`."""
    names = ("regions", "vocabulary", "hard_negatives", "corpus", "vqa", "nlvr2", "retrieval")
    folders = {name: root / name for name in names}
    for folder in folders.values():
        folder.mkdir()
    _write_regions(folders["regions"])
    (folders["vocabulary"] / "vocab.txt").write_text("".join(f"{token}\n" for token in TOKENS), "utf-8")
    _write_negatives(folders["hard_negatives"])
    _write_corpus(folders["corpus"])
    write_benchmark(folders["vqa"], _vqa_rows(), ANSWERS)
    write_benchmark(folders["nlvr2"], _nlvr2_rows(), ("False", "True"))
    write_benchmark(folders["retrieval"], _caption_rows(), ())
    return TinySet(**folders)


def objects_of(image: int) -> list[int]:
    return [image % 4] * 3 + [(image // 4) % 4] * 3


def _write_regions(folder: Path) -> None:
    keys = np.arange(NUM_IMAGES, dtype=np.uint64)
    noise = draws.uniform(1, 0, keys, "noise", NUM_REGIONS * NUM_FEATURES).reshape(-1, NUM_REGIONS, NUM_FEATURES)
    objects = np.array([objects_of(image) for image in range(NUM_IMAGES)])
    corners = draws.uniform(1, 0, keys, "boxes", NUM_REGIONS * 2).reshape(-1, NUM_REGIONS, 2) * 0.7
    columns = {
        "image_ids": np.array([image_id(image).encode() for image in range(NUM_IMAGES)], "S64"),
        "features": (np.tile(np.eye(4)[objects], 2) + 0.2 * noise).astype(np.float16),
        "boxes": np.concatenate([corners, corners + 0.3], axis=2).astype(np.float32),
        "object_ids": objects.astype(np.int16),
        "object_conf": np.full(objects.shape, 0.5, np.float32),
        "attribute_ids": (objects % 3 - 1).astype(np.int16),  # -1, 0, 1: the first is not known
        "attribute_conf": np.full(objects.shape, 0.25, np.float32),
        "sizes": np.full((NUM_IMAGES, 2), 100, np.int32),
    }
    with h5py.File(folder / "regions.h5", "w") as file:
        for name, values in columns.items():
            file.create_dataset(name, data=values)
    (folder / "object_vocabulary.txt").write_text("".join(f"{name}\n" for name in OBJECTS), "utf-8")
    (folder / "attribute_vocabulary.txt").write_text("".join(f"{name}\n" for name in ATTRIBUTES), "utf-8")


def _write_negatives(folder: Path) -> None:
    """Two neighbours each, the next two images of the split; image 0 has none, and image 1 has one."""
    neighbours = np.full((NUM_IMAGES, 3), -1, np.int32)
    for split in ("train", "validation", "test"):
        members = [image for image in range(NUM_IMAGES) if split_of(image) == split]
        for place, image in enumerate(members):
            neighbours[image, :2] = [members[(place + step) % len(members)] for step in (1, 2)]
    neighbours[0] = -1
    neighbours[1, 1] = -1
    with h5py.File(folder / "hard_negatives.h5", "w") as file:
        file["image_ids"] = np.array([image_id(image).encode() for image in range(NUM_IMAGES)], "S64")
        file["neighbours"] = neighbours
        file["scores"] = np.zeros(neighbours.shape, np.float32)


def _write_corpus(folder: Path) -> None:
    rows = []
    for image in range(NUM_IMAGES):
        first, second = OBJECTS[image % 4], OBJECTS[(image // 4) % 4]
        for number, (left, right) in enumerate(((first, second), (second, first))):
            pieces = [2, 12, *PIECES[left], 13, 12, *PIECES[right], 3]
            rows.append(
                {
                    "row_id": f"{image_id(image)}#{number}",
                    "image_id": image_id(image),
                    "split": split_of(image),
                    "text": f"a {left} and a {right}",
                    "token_ids": pieces,
                    "topic_ids": sorted({*PIECES[left], *PIECES[right]}),
                    "source_ids": [f"caption:{image}-{number}"],
                }
            )
    write_parquet(only_part(folder, "corpus"), pa.Table.from_pylist(rows, schema=CORPUS), CORPUS)


def benchmark_row(row_id: str, images: tuple[int, ...], **changes: Any) -> dict[str, Any]:
    """A row of a benchmark, the text "a" and nothing right unless `changes` say so."""
    row: dict[str, Any] = {
        "row_id": row_id,
        "image_ids": [image_id(image) for image in images],
        "split": split_of(images[0]),
        "text": "a",
        "token_ids": [2, 12, 3],
        "published": [],
        "target_ids": [],
        "target_scores": [],
        "kind": "",
        "set_id": "",
        "place": 0,
    }
    return {**row, **changes}


def write_benchmark(folder: Path, rows: list[dict[str, Any]], answers: tuple[str, ...]) -> Path:
    order = ("train", "validation", "test", "submit")
    rows = [{**row, "place": place} for place, row in enumerate(rows)]
    rows = sorted(rows, key=lambda row: (order.index(row["split"]), row["row_id"]))
    write_parquet(only_part(folder, "rows"), pa.Table.from_pylist(rows, schema=BENCHMARK_ROWS), BENCHMARK_ROWS)
    (folder / "answers.json").write_text(json.dumps(answers), "utf-8")
    return folder


def _vqa_rows() -> list[dict[str, Any]]:
    rows = [
        benchmark_row(
            f"vqa:{image * 10 + place}",
            (image,),
            text=f"a {OBJECTS[objects[place]]} and",
            token_ids=[2, 12, *PIECES[OBJECTS[objects[place]]], 13, 3],
            published=[OBJECTS[objects[1 - place]]] * 10,
            target_ids=[ANSWERS.index(OBJECTS[objects[1 - place]])],
            target_scores=[1.0],
            kind=f"beside a {OBJECTS[objects[place]]}",
        )
        for image in range(NUM_IMAGES)
        for objects in (objects_of(image)[2:4],)
        for place in (0, 1)
    ]
    return rows + [benchmark_row(f"vqa:{image * 10 + 9}", (image,), split="submit") for image in range(20, 24)]


def _nlvr2_rows() -> list[dict[str, Any]]:
    return [
        benchmark_row(
            f"nlvr2:{split_of(left)}-{left // 4}-{left}-{number}",
            (left, right),
            text=f"a {name}",
            token_ids=[2, 12, *PIECES[name], 3],
            published=[str(is_true)],
            target_ids=[int(is_true)],
            target_scores=[1.0],
            set_id=f"nlvr2:{split_of(left)}-{left // 4}-{number}",
        )
        for left in range(0, NUM_IMAGES, 2)
        for right in (left + 1,)
        for number, name in enumerate(OBJECTS)
        for is_true in (number in objects_of(left) and number in objects_of(right),)
    ]


def _caption_rows() -> list[dict[str, Any]]:
    return [
        benchmark_row(
            f"flickr30k:{image}#{number}",
            (image,),
            text=f"a {left} and a {right}",
            token_ids=[2, 12, *PIECES[left], 13, 12, *PIECES[right], 3],
        )
        for image in range(NUM_IMAGES)
        for first, second in ([OBJECTS[shown] for shown in objects_of(image)[2:4]],)
        for number, (left, right) in enumerate(((first, second), (second, first)))
    ]


def write_job(folder: Path, *, spec: Any, network: Any, inputs: dict[str, Any], every_s: float = 1000.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    job = {
        "spec": to_plain(spec),
        "network": to_plain(network),
        "inputs": inputs,
        "result": str(folder / "result"),
        "record": str(folder / "record"),
        "checkpoints": str(folder / "checkpoints"),
        "checkpoint_every_s": every_s,
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job), "utf-8")
    return path
