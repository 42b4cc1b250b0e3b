"""Which words can be verbs, as a treebank shows them: a phrase without any needs no tagger.

A word can be a verb if the treebank holds it as one, or if it is a regular form of a verb that it holds ("parks", where
"park" is a verb somewhere). Of words that it does not hold, those that end as a verb may can be verbs; the others are
taken for names of things, which is where this may differ from a tagger.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.errors import UserError
from data.taggers.treebank import Sentence
from data.writers import write_json

FILE_NAME = "lexicon.json"
NEVER, MAYBE, ALWAYS = 0, 1, 2
"""What is known of a word or a text: no verb is in it; one may be; a main verb is."""

_MIN_ALWAYS = 3
"""How often a form must have been seen before it counts as always a main verb."""
_VERBS = frozenset({"VERB", "AUX"})
_MIN_VERB_RATE = 0.01
"""A form that is a verb more rarely than that is a slip of a writer's or an annotator's ("could of")."""
_ENDINGS = ("ing", "ed")
_VOWELS = "aeiou"
# Words as far as the lexicon needs them: letters and digits, an apostrophe before them kept ("'s" is a verb or none).
_WORD = re.compile(r"'?[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """What a treebank shows of words, all in lower case.

    `possible`: may be a verb (VERB or AUX); `always`: is a main verb (VERB) wherever it is seen; `spared`: ends as a
    verb may, and never is one ("clothing"), so that it is not taken for a verb that the treebank does not hold.
    """

    possible: frozenset[str]
    always: frozenset[str]
    spared: frozenset[str]

    def of_chunk(self, chunk: str) -> int:
        """What is known of a text without spaces: ALWAYS where one of its words is that, NEVER where all are."""
        words = _words(chunk)
        if not self.always.isdisjoint(words):
            return ALWAYS
        return MAYBE if any(map(self._may_be_verb, words)) else NEVER

    def _may_be_verb(self, word: str) -> bool:
        return word in self.possible or (word.endswith(_ENDINGS) and word not in self.spared)

    def of_texts(self, texts: pa.Array) -> NDArray[np.int8]:
        """What is known of each text, on one line with single spaces; each distinct chunk of theirs is judged once."""
        if not len(texts):
            return np.zeros(0, np.int8)
        chunks = pc.split_pattern(texts, " ")
        found = pc.list_flatten(chunks).dictionary_encode()
        known = np.array([self.of_chunk(chunk) for chunk in found.dictionary.to_pylist()], np.int8)
        starts = chunks.offsets.to_numpy()[:-1] - chunks.offsets[0].as_py()
        # The largest decides: one word that is always a verb suffices, and all must never be one.
        decided: NDArray[np.int8] = np.maximum.reduceat(known[found.indices.to_numpy()], starts)
        return decided


def learn(sentences: Iterable[Sentence]) -> Lexicon:
    """What the words of a treebank are."""
    seen: Counter[str] = Counter()
    as_verb: Counter[str] = Counter()
    as_main_verb: Counter[str] = Counter()
    lemmas: set[str] = set()
    for sentence in sentences:
        for word, tag, lemma in zip(sentence.words, sentence.tags, sentence.lemmas or sentence.words, strict=True):
            if tag in _VERBS:
                lemmas.update(_words(lemma))
            for form in _words(word):
                seen[form] += 1
                as_verb[form] += tag in _VERBS
                as_main_verb[form] += tag == "VERB"
    return _judged(seen, as_verb, as_main_verb, lemmas)


def _judged(seen: Counter[str], as_verb: Counter[str], as_main_verb: Counter[str], lemmas: set[str]) -> Lexicon:
    is_slip = {form for form, count in seen.items() if as_verb[form] < _MIN_VERB_RATE * count}
    regular = {form for lemma in lemmas for form in (lemma, *inflections(lemma))}
    possible = (regular | {form for form in seen if as_verb[form]}) - {form for form in is_slip if as_verb[form]}
    return Lexicon(
        possible=frozenset(possible),
        always=frozenset(form for form, count in seen.items() if count == as_main_verb[form] and count >= _MIN_ALWAYS),
        spared=frozenset(form for form in seen if form.endswith(_ENDINGS) and form not in possible),
    )


def write(lexicon: Lexicon, into: Path) -> None:
    """Write lexicon.json into the folder `into`."""
    write_json(into / FILE_NAME, {name: sorted(words) for name, words in asdict(lexicon).items()})


def load(tagger: str) -> Lexicon:
    """The lexicon beside a tagger. Raises UserError where there is none: with a package, or an older PosTagger's."""
    path = Path(tagger) / FILE_NAME
    try:
        known = json.loads(path.read_text("utf-8"))
        return Lexicon(**{field.name: frozenset(known[field.name]) for field in fields(Lexicon)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            expected=f"{FILE_NAME} beside the tagger, which PosTagger writes from its treebank",
            found=f"none in {tagger!r}",
            where="[PhraseTags] mode = lexicon_first",
            way_out="leave [PhraseTags] tagger empty, so that one is trained from [sources] treebank; or mode = exact",
        ) from error


def inflections(lemma: str) -> Iterator[str]:
    """The regular forms of a verb in English spelling; where a final consonant may double, both spellings."""
    is_after_consonant = lemma[-2:-1] not in _VOWELS
    if lemma.endswith("y") and is_after_consonant:
        yield from (f"{lemma[:-1]}ies", f"{lemma[:-1]}ied", f"{lemma}ing")
    elif lemma.endswith("e"):
        yield from (f"{lemma}s", f"{lemma}d", f"{lemma[:-1]}ing", f"{lemma}ing")
    else:
        yield from (f"{lemma}s", f"{lemma}es", f"{lemma}ed", f"{lemma}ing")
        if lemma[-1] not in _VOWELS and not is_after_consonant:
            yield from (f"{lemma}{lemma[-1]}ed", f"{lemma}{lemma[-1]}ing")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("\u2019", "'"))
