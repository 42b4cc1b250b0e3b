"""The contract of the parts of speech of phrases."""

from __future__ import annotations

from pathlib import Path

from data import tables
from data.contracts.rules import hold, row_groups
from data.phrase_tags import FOLDER
from data.schema import PHRASE_TAGS
from data.taggers.treebank import UPOS


def check(folder: Path) -> None:
    """The schema; phrases sorted, none twice, none empty; every tag a universal part of speech."""
    last = ""
    for part in tables.parts(folder / FOLDER):
        for rows in row_groups(part, PHRASE_TAGS):
            for row in rows:
                hold(row["text"] > last, part, "phrases sorted, none twice, none empty", [row["text"]])
                hold(bool(row["tags"]), part, "at least one part of speech", [row["text"]])
                hold(UPOS.issuperset(row["tags"]), part, "universal parts of speech", [row["text"]], str(row["tags"]))
                last = row["text"]
