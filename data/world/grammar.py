"""Phrases as dependency trees of tagged words (Universal Dependencies, https://universaldependencies.org)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

_NO_HEAD = -1


@dataclass(frozen=True, slots=True)
class Word:
    """A word form, its part of speech (UPOS), the place of its head in the phrase (-1: the root) and how it hangs."""

    form: str
    tag: str
    head: int = _NO_HEAD
    relation: str = "root"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in order, exactly one of them the root."""

    words: tuple[Word, ...]

    @property
    def root(self) -> int:
        """The place of the word that all others hang from."""
        return next(i for i, word in enumerate(self.words) if word.head == _NO_HEAD)

    @property
    def text(self) -> str:
        """The words with spaces between them, none before punctuation."""
        return "".join(w.form if w.tag == "PUNCT" else f" {w.form}" for w in self.words).strip()

    @property
    def num_words(self) -> int:
        """Words, punctuation apart."""
        return sum(word.tag != "PUNCT" for word in self.words)


Dependent = tuple[str, Phrase]


def word(form: str, tag: str) -> Phrase:
    """A phrase of one word."""
    return Phrase((Word(form, tag),))


def attach(head: Phrase, *, before: Sequence[Dependent] = (), after: Sequence[Dependent] = ()) -> Phrase:
    """`head` with (relation, phrase) dependents hung from its root, in the order in which they are said."""
    root = sum(len(phrase.words) for _, phrase in before) + head.root
    words: list[Word] = []
    for relation, phrase in [*before, ("", head), *after]:
        start = len(words)
        for w in phrase.words:
            if w.head != _NO_HEAD:
                words.append(replace(w, head=w.head + start))
            elif phrase is head:
                words.append(w)
            else:
                words.append(replace(w, head=root, relation=relation))
    return Phrase(tuple(words))


def fixed(forms: Sequence[tuple[str, str]]) -> Phrase:
    """An expression of several (form, tag) that acts as one word, such as "on top of"."""
    first, *rest = (word(form, tag) for form, tag in forms)
    return attach(first, after=[("fixed", phrase) for phrase in rest])


def sentence(phrase: Phrase) -> Phrase:
    """The phrase with a capital letter and a full stop."""
    first, *rest = attach(phrase, after=[("punct", word(".", "PUNCT"))]).words
    return Phrase((replace(first, form=first.form[0].upper() + first.form[1:]), *rest))
