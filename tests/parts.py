"""Tables in parts, as the tests write them: the whole table in the first part."""

from __future__ import annotations

from pathlib import Path


def only_part(folder: Path, name: str) -> Path:
    """The file of the only part of the table `name` (`corpus`, `rows`, `tags`) in an artifact's folder."""
    (folder / name).mkdir(exist_ok=True)
    return folder / name / "part-00000.parquet"
