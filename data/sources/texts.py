"""Plain text in UTF-8, a sentence or paragraph a line.

In a file with a blank line between others, a blank line ends a document, as in BERT's files
(https://github.com/google-research/bert#pre-training-with-bert); in a file without one each line is a document.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Reject, Source, TextRecord
from data.sources.fields import RecordError, as_text
from data.sources.files import wrong_file
from data.sources.lines import MAX_TEXT_LINE, decoded, located, raw_lines

NAME = "texts"


def texts(path: Path, reject: Reject) -> Iterator[TextRecord]:
    """Every line that is not blank, called by the file's name and its number among these."""
    has_documents = _has_documents(path)
    number = first = 0
    is_within = False
    for _, line in located(path, _text, source=NAME, reject=reject):
        if not line:
            is_within = False
            continue
        number += 1
        if not (has_documents and is_within):
            first, is_within = number, True
        yield TextRecord(document_id=f"{path.name}:{first}", text_id=f"{path.name}:{number}", text=line)
    if not number:
        raise wrong_file(path, NAME, expected="lines of text", found="no line with anything in it")


def _has_documents(path: Path) -> bool:
    """Whether a blank line stands between two others."""
    has_text = has_gap = False
    for _, line in raw_lines(path, NAME, MAX_TEXT_LINE):
        if not line.strip():
            has_gap = has_text
        elif has_gap:
            return True
        else:
            has_text = True
    return False


def _text(line: bytes) -> str:
    """The text of a line; nothing of a blank one."""
    text = decoded(line)
    if "\0" in text:
        raise RecordError("line", "not a text")
    return as_text(text, "line") if text.strip() else ""


SOURCE = Source(
    name=NAME,
    title="Plain text, a sentence or paragraph a line",
    address="https://github.com/google-research/bert#pre-training-with-bert (the form of the text files)",
    reads={"texts": texts},
)
