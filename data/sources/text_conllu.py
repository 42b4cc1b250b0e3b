"""The sentences of a treebank as plain text: CoNLL-U's comments `# text = ` and `# newdoc`.

Sentences before the first `# newdoc`, or in a file without any, are a document each.
https://universaldependencies.org/format.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import SourceError
from data.records import Marks, Reject, Rejection, Source, TextRecord
from data.sources.fields import RecordError, as_text
from data.sources.files import wrong_file
from data.sources.lines import MAX_TEXT_LINE, decoded, raw_lines

NAME = "text_conllu"
_NUM_COLUMNS = 10
_TEXT, _NEW_DOCUMENT = "# text = ", "# newdoc"


@dataclass(slots=True)
class _Sentence:
    """What the lines of a sentence have said so far; `first` is the number of its first word's line."""

    text: str | None = None
    first: int = 0


def texts(path: Path, reject: Reject) -> Iterator[TextRecord]:
    """The text of every sentence, called by the file's name and the line of its first word."""
    document, num_sentences, number = "", 0, 0
    sentence = _Sentence()
    for number, raw in raw_lines(path, NAME, MAX_TEXT_LINE):
        line = _line(path, number, raw)
        if line.startswith(_NEW_DOCUMENT):
            document = f"{path.name}:{number}"
        elif line.startswith(_TEXT):
            sentence.text = line.removeprefix(_TEXT)
        elif line.startswith("#"):
            continue
        elif line:
            if line.count("\t") != _NUM_COLUMNS - 1:
                raise _wrong(path, number, f"ten columns in {line[:40]!r}")
            sentence.first = sentence.first or number
        elif sentence.first:
            num_sentences += 1
            name = f"{path.name}:{sentence.first}"
            try:
                text = as_text(sentence.text, "text")
            except RecordError as bad:
                reject(Rejection(source=NAME, record=name, field=bad.field, reason=bad.reason))
            else:
                yield TextRecord(document_id=document or name, text_id=name, text=text)
            sentence = _Sentence()
    if sentence.first or sentence.text is not None or not num_sentences:
        raise _wrong(path, number, "a blank line after each of its sentences")


def _line(path: Path, number: int, raw: bytes) -> str:
    try:
        return decoded(raw)
    except RecordError as bad:
        raise _wrong(path, number, "UTF-8") from bad


def _wrong(path: Path, number: int, missing: str) -> SourceError:
    return wrong_file(path, NAME, expected="sentences in CoNLL-U", found=f"not {missing}", where=f"line {number}")


SOURCE = Source(
    name=NAME,
    title="The sentences of a treebank as text (CoNLL-U)",
    address="https://github.com/UniversalDependencies/UD_English-EWT",
    reads={"texts": texts},
    marks=(Marks(pattern=r"^(#[^\n]*\n)*1(-[0-9]+)?\t[^\t\n]+\t[^\t\n]+\t"),),
)
