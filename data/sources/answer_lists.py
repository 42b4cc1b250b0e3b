"""Lists of possible answers: a JSON list of texts, whose places are the answers' ids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.sources.fields import RecordError, as_written
from data.sources.files import wrong_file
from data.sources.json_items import items

MAX_ANSWERS = 1 << 20
_EXPECTED = "a JSON list of different answers"


def answers(path: Path, *, source: str) -> Iterator[str]:
    """The answers as they are, in their order. Raises SourceError for a bad one: an answer's place is its id."""
    place_of: dict[str, str] = {}
    for place, item in items(path, source):
        try:
            answer = as_written(item, "answer")
        except RecordError as bad:
            raise wrong_file(path, source, expected=_EXPECTED, found=bad.reason, where=place) from bad
        first = place_of.setdefault(answer, place)
        if first != place:
            found = f"{answer[:40]!r}, which is {first} too"
            raise wrong_file(path, source, expected=_EXPECTED, found=found, where=place)
        if len(place_of) > MAX_ANSWERS:
            raise wrong_file(path, source, expected=f"at most {MAX_ANSWERS:,} answers", found="more", where=place)
        yield answer
