"""What the report says of a corpus: its counts, a few of its rows, and what was dropped with examples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from data.regions.store import RegionStore
from data.schema import BENCHMARK_ROWS, CORPUS, FILTERED, NO_IMAGE, REJECTED, SPLITS
from report import artifacts
from report.choice import spread
from report.contents import Corpus, Dropped, Example, Region, Sample, Tagger

NUM_SAMPLES = 3
NUM_EXAMPLES = 4
NUM_REGIONS = 5
Value = TypeVar("Value")


def corpus(name: str, folder: Path, store: RegionStore | None) -> Corpus:
    """The corpus in a folder that holds counts.json; what else there may be is shown where it is."""
    path = folder / "counts.json"
    counts, where = artifacts.json_object(path), str(path)
    dropped = {
        **_dropped(counts, "rejected", where, _rejected(folder / "rejected.parquet")),
        **_dropped(counts, "filtered", where, _filtered(folder / "filtered.parquet")),
    }
    return Corpus(
        rows=in_order(artifacts.numbers(counts, "rows", where), SPLITS),
        images=in_order(artifacts.numbers(counts, "images", where), SPLITS),
        num_read=int(artifacts.number(counts, "read", where)),
        num_dropped=sum(reason.num_records for reason in dropped.values()),
        dropped=dict(sorted(dropped.items(), key=lambda item: (-item[1].num_records, item[0]))),
        notes=artifacts.known_numbers(counts, "notes", where),
        samples=_samples(name, folder, store),
    )


def tagger(path: Path) -> Tagger:
    """What a PosTagger says of itself; a verb rule whose precision or recall is not known is left out."""
    record, where = artifacts.json_object(path), str(path)
    rules = {
        rule: scores for rule, scores in record.items() if isinstance(scores, dict) and None not in scores.values()
    }
    return Tagger(
        accuracy=artifacts.number(record, "accuracy", where),
        num_sentences=int(artifacts.number(record, "num_sentences", where)),
        rules={rule: artifacts.numbers(rules, rule, where) for rule in rules},
    )


def in_order(values: Mapping[str, Value], names: Iterable[str]) -> dict[str, Value]:
    """The values named first, then the others as they come."""
    return {name: values[name] for name in [*filter(values.__contains__, names), *values]}


def labelled_regions(store: RegionStore | None, image_id: str, text: str) -> list[Region]:
    """A few labels of an image, each with its surest region: first those that the text names, then by confidence."""
    if store is None or image_id not in store.row_of:
        return []
    row = store.row_of[image_id]
    surest: dict[str, Region] = {}
    for number, confidence, box in zip(
        store.object_ids_NR[row].tolist(),
        store.object_conf_NR[row].tolist(),
        store.boxes_NR4[row].tolist(),
        strict=True,
    ):
        label = store.object_names[number] if number >= 0 else ""
        if label and (label not in surest or confidence > surest[label].confidence):
            surest[label] = Region(label=label, confidence=_short(confidence), box=[_short(side) for side in box])
    words = set(_words(text))
    ranked = sorted(surest.values(), key=lambda r: (words.isdisjoint(_words(r.label)), -r.confidence, r.label))
    return ranked[:NUM_REGIONS]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _short(value: float) -> float:
    """Four digits after the point: finer than a pixel, and a quarter of the bytes."""
    return round(value, 4)


def _dropped(
    counts: dict[str, Any], field: str, where: str, examples: Mapping[str, list[Example]]
) -> dict[str, Dropped]:
    return {
        reason: Dropped(num_records=int(count), on_purpose=field == "filtered", examples=examples.get(reason, []))
        for reason, count in artifacts.numbers(counts, field, where).items()
    }


def _rejected(path: Path) -> dict[str, list[Example]]:
    """Examples of rejected records by reason; none where the corpus keeps none."""
    columns = artifacts.columns(path, REJECTED)
    found: dict[str, list[Example]] = {}
    for source, record, field, reason in zip(*columns.to_pydict().values(), strict=True):
        found.setdefault(reason, []).append(Example(text=record, where=f"{source}, {field}"))
    return _few(found, of=path.name)


def _filtered(path: Path) -> dict[str, list[Example]]:
    """Examples of what a filter left out, by reason; none where the corpus has no filter."""
    columns = artifacts.columns(path, FILTERED)
    found: dict[str, list[Example]] = {}
    for image_id, text, reason in zip(*columns.to_pydict().values(), strict=True):
        found.setdefault(reason, []).append(Example(text=text, where=image_id))
    return _few(found, of=path.name)


def _few(found: Mapping[str, list[Example]], *, of: str) -> dict[str, list[Example]]:
    return {
        reason: [examples[row] for row in spread(len(examples), NUM_EXAMPLES, of=f"{of} {reason}")]
        for reason, examples in found.items()
    }


def _samples(name: str, folder: Path, store: RegionStore | None) -> list[Sample]:
    """A few training rows of a corpus (`corpus/`) or of a benchmark (`rows/`), whichever is there."""
    texts = _training_rows(folder / "corpus", CORPUS, ("row_id", "image_id", "text"))
    chosen = spread(texts.num_rows, NUM_SAMPLES, of=name)
    samples = [
        Sample(
            row_id=row["row_id"],
            image_ids=[row["image_id"]] if row["image_id"] != NO_IMAGE else [],
            text=row["text"],
            answers={},
            regions=labelled_regions(store, row["image_id"], row["text"]),
        )
        for row in artifacts.rows(texts, chosen)
    ]
    questions = _training_rows(folder / "rows", BENCHMARK_ROWS, ("row_id", "image_ids", "text", "published"))
    first = questions["row_id"][0].as_py() if questions.num_rows else ""
    chosen = spread(questions.num_rows, NUM_SAMPLES, of=first)  # the same rows of equal tables, whatever their names
    return samples + [
        Sample(
            row_id=row["row_id"],
            image_ids=row["image_ids"],
            text=row["text"],
            answers=dict(Counter(row["published"]).most_common()),
            regions=[],
        )
        for row in artifacts.rows(questions, chosen)
    ]


def _training_rows(path: Path, schema: pa.Schema, names: tuple[str, ...]) -> pa.Table:
    found = artifacts.columns(path, pa.schema([schema.field(name) for name in (*names, "split")]))
    return found.filter(pc.equal(found["split"], "train"))
