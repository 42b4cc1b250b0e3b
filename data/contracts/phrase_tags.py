"""The contract of the parts of speech of phrases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.contracts.rules import check_parts, hold
from data.phrase_tags import FOLDER
from data.schema import PHRASE_TAGS
from data.taggers.treebank import UPOS


def check(folder: Path) -> None:
    """The schema; phrases sorted, none twice, none empty; every tag a universal part of speech."""
    check_parts(folder / FOLDER, PHRASE_TAGS, _Rules())


@dataclass(kw_only=True)
class _Rules:
    """The rules of phrases, and what they need to know of the one before."""

    path: Path = Path()
    last: str = ""

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        named = [row["text"]]
        hold(row["text"] > self.last, self.path, "phrases sorted, none twice, none empty", named)
        hold(bool(row["tags"]), self.path, "at least one part of speech", named)
        hold(UPOS.issuperset(row["tags"]), self.path, "universal parts of speech", named, str(row["tags"]))
        self.last = row["text"]
