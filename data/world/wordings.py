"""How questions and statements are worded: templates of text with slots for nouns, relations and other words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.world.kinds import KINDS
from data.world.language import RELATION_WORDS, choose

_LABEL_RATE = 0.75  # how often the label itself is said where there is a synonym
_A_BEFORE_A_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])")


@dataclass(frozen=True, slots=True)
class Noun:
    """A name of a kind, for one and for several."""

    one: str
    many: str


Word = Noun | str


def noun(kind: str, random: np.random.Generator) -> Noun:
    """The label in three of four cases, else any name of the kind."""
    names = KINDS[kind].names
    return Noun(*(names[0] if random.random() < _LABEL_RATE else names[random.integers(len(names))]))


def label(kind: str) -> Noun:
    """The label and its plural."""
    return Noun(*KINDS[kind].names[0])


def vary(slot: str, random: np.random.Generator) -> Word:
    """A slot's word as people say it: a name of a kind, one of the expressions for a relation, else itself."""
    if slot in KINDS:
        return noun(slot, random)
    expressions = [" ".join(words) for relation, words in _RELATIONS if relation == slot]
    return choose(expressions, random) if expressions else slot


def say(wording: str, words: Sequence[Word], **others: str) -> str:
    """The wording with `{0}`, `{0.one}`, `{0.many}` and others filled in, "an" before vowels, and a capital letter."""
    text = _A_BEFORE_A_VOWEL.sub(r"\1n ", wording.format(*words, **others))
    return text[0].upper() + text[1:]


_RELATIONS = [(relation, words) for relation, options in RELATION_WORDS.items() for words in options]
