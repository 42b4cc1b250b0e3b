"""Sentences of a treebank in CoNLL-U (https://universaldependencies.org/format.html): words and universal tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError

# https://universaldependencies.org/u/pos/
_OPEN = {"ADJ", "ADV", "INTJ", "NOUN", "PROPN", "VERB"}
_CLOSED = {"ADP", "AUX", "CCONJ", "DET", "NUM", "PART", "PRON", "SCONJ"}
UPOS = frozenset(_OPEN | _CLOSED | {"PUNCT", "SYM", "X"})

_NUM_FIELDS = 10
_UNSPECIFIED = "_"
_WORD = re.compile(r"[1-9][0-9]*")
# A surface token that stands for several words (1-2 "don't"), and a word that is not written (1.1): neither is tagged.
_NOT_A_WORD = re.compile(r"[1-9][0-9]*-[1-9][0-9]*|[0-9]+\.[1-9][0-9]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """The syntactic words of one sentence, the universal tag of each, and the lemmas where the treebank has them."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    lemmas: tuple[str, ...] = ()


class _Word(NamedTuple):
    form: str
    tag: str
    lemma: str


_OF_PENN = {"VB": "VERB", "MD": "AUX", "NN": "NOUN", "JJ": "ADJ", "RB": "ADV", "IN": "ADP", "DT": "DET", "CD": "NUM"}
_FORMS_OF_BE = frozenset({"be", "is", "are", "was", "were", "am", "been", "being", "'s", "'re", "'m"})


def penn_to_upos(word: str, tag: str) -> str:
    """The universal tag of a word with a Penn Treebank tag, as far as the verb decision needs it; else X.

    The Penn tags call every form of "be" a verb (VB...); here it is AUX, as in the Universal Dependencies.
    """
    upos = _OF_PENN.get(tag[:2], "X")
    return "AUX" if upos == "VERB" and word.lower() in _FORMS_OF_BE else upos


def sentences(path: Path) -> Iterator[Sentence]:
    """The sentences of `path`, one at a time. Raises SourceError, naming the line, for anything that is not CoNLL-U."""
    words: list[_Word] = []
    for number, line in _lines(path):
        if line.startswith("#"):
            continue
        if line:
            word = _word(path, number, line, expected_id=len(words) + 1)
            if word is not None:
                words.append(word)
        elif words:
            forms, tags, lemmas = zip(*words, strict=True)
            yield Sentence(words=forms, tags=tags, lemmas=lemmas)
            words = []
    if words:
        raise _error(path, "the end of the file", "a blank line after every sentence", "a sentence that breaks off")


def read(path: Path) -> list[Sentence]:
    """All sentences of `path`; at least one, else SourceError."""
    found = list(sentences(path))
    if not found:
        raise _error(path, "the whole file", "sentences in CoNLL-U", "none")
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their end."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield number, line.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise _error(path, f"line {number}", "UTF-8", f"{error.reason} at byte {error.start}") from error
    except OSError as error:
        raise _error(path, "the file", "a readable file", error.strerror or str(error)) from error


def _word(path: Path, number: int, line: str, expected_id: int) -> _Word | None:
    """The form, the tag and the lemma of a word line; None for a line that is no word."""
    fields = line.split("\t")
    where = f"line {number}"
    if len(fields) != _NUM_FIELDS:
        raise _error(path, where, f"{_NUM_FIELDS} fields with tabs between them", f"{len(fields)}: {line[:60]!r}")
    if _NOT_A_WORD.fullmatch(fields[0]):
        return None
    if not _WORD.fullmatch(fields[0]) or int(fields[0][:9]) != expected_id:
        raise _error(path, f"{where}, field ID", f"word number {expected_id}", repr(fields[0][:20]))
    if not fields[1].strip():
        raise _error(path, f"{where}, field FORM", "a word", repr(fields[1]))
    if fields[3] not in UPOS:
        raise _error(path, f"{where}, field UPOS", "a universal part of speech, as NOUN or VERB", repr(fields[3][:20]))
    return _Word(form=fields[1], tag=fields[3], lemma=fields[1] if fields[2] == _UNSPECIFIED else fields[2])


def _error(path: Path, where: str, expected: str, found: str) -> SourceError:
    return SourceError(
        expected=expected,
        found=found,
        where=f"{path}, {where}",
        way_out="give [sources] treebank a CoNLL-U file, such as en_ewt-ud-train.conllu of universaldependencies.org",
    )
