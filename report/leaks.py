"""What the report says of leaks: rows of pre-training that show an image which a benchmark holds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from report import artifacts
from report.contents import Leak

FILE_NAME = "leaks.json"


def leaks(folder: Path) -> list[Leak]:
    """Every kind of held-out images beside every corpus, those that no row shows too, in the order of the file."""
    path = folder / FILE_NAME
    listed = artifacts.json_object(path).get("leaks")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        artifacts.refuse("a list of leaks", listed, str(path))
    return [_leak(item, f"{path}, leaks[{number}]") for number, item in enumerate(listed)]


def _leak(item: dict[str, Any], where: str) -> Leak:
    known_by = artifacts.numbers(item, "known_by", where)
    return Leak(
        benchmark=artifacts.text(item, "benchmark", where),
        split_by=artifacts.text(item, "split_by", where),
        split=artifacts.text(item, "split", where),
        part=artifacts.text(item, "part", where),
        corpus=artifacts.text(item, "corpus", where),
        num_held_out_images=int(artifacts.number(item, "num_held_out_images", where)),
        num_images=int(artifacts.number(item, "num_images", where)),
        num_rows=int(artifacts.number(item, "num_rows", where)),
        num_trained_rows=int(artifacts.number(item, "num_trained_rows", where)),
        known_by={name: int(count) for name, count in known_by.items()},
        examples=artifacts.texts(item, "examples", where),
    )
