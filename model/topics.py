"""Topics: what of a text is also in the object labels of the image that is shown (MSP, section 3.2).

A text is a row of words, and a word a run of word pieces, a first one and its `##` continuations; two words are the
same if all their pieces are. A term is what must stand in the text: one word, or all words of a label in a row.
Legend: B rows, L word pieces (and as many words at most), R regions, C object labels, W terms of a label, S spellings,
T terms, V vocabulary, K codes to look up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from data.errors import UserError
from data.vocabulary import Vocabulary
from model.lemmas import lemma, spellings
from model.plugins import choose

_BASE = 0x9E3779B97F4A7C15 - (1 << 64)  # odd, wrapped to int64: codes are polynomials in it, modulo 2 to the 64
_NO_WORD = -1  # the number of a word that no label has

Pieces = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TopicRule:
    """What counts as the same. `unit`: whole words (`word`), or single word pieces (`piece`).

    `form`: as written (`surface`), or singular and plural alike (`lemma`). `labels`: each word of a label (`words`), or
    only all of them one after another (`whole`).
    """

    unit: str = "word"
    form: str = "surface"
    labels: str = "words"

    def __post_init__(self) -> None:
        choose({"word": None, "piece": None}, self.unit, where="topics, unit")
        choose(_FORMS, self.form, where="topics, form")
        choose(_TERMS, self.labels, where="topics, labels")
        if self.form == "lemma" and self.unit == "piece":
            raise UserError(
                expected="unit = word beside form = lemma: it is words that have a plural",
                found="unit = piece",
                where="topics, unit and form",
                way_out="leave one of the two out",
            )


@dataclass(frozen=True, kw_only=True)
class TopicWords:
    """The words and terms of all object labels as codes to look up, and which terms each label has."""

    starts_word_V: Tensor
    spelling_codes_S: Tensor  # ascending
    word_of_S: Tensor  # words have numbers from 1 on; all spellings of a word have its number
    term_codes_T: Tensor  # ascending
    label_terms_CW: Tensor  # T where a label has fewer terms than another
    longest: int  # words of a term
    piece_ids: tuple[int, ...]  # the word pieces that can be topics, ascending

    @classmethod
    def of(cls, tokens: Sequence[str], labels: Sequence[str], rule: TopicRule) -> TopicWords:
        """From the vocabulary's entries and the object labels. A word that the vocabulary lacks is never found."""
        lexicon = _Lexicon(vocabulary=Vocabulary(tokens), rule=rule)
        terms_of_labels = [sorted(set(_TERMS[rule.labels](lexicon.words(label)))) for label in labels]
        coded = sorted((_code(term), term) for term in {term for terms in terms_of_labels for term in terms})
        wanted = {number for _, term in coded for number in term}
        found = {pieces: number for pieces, number in lexicon.numbers.items() if number in wanted}
        spelled = sorted((_code(piece + 1 for piece in pieces), number) for pieces, number in found.items())
        place_of = {term: place for place, (_, term) in enumerate(coded)}
        width = max(map(len, terms_of_labels), default=0)
        padded = [[place_of[t] for t in terms] + [len(coded)] * (width - len(terms)) for terms in terms_of_labels]
        return cls(
            starts_word_V=torch.tensor([rule.unit == "piece" or not token.startswith("##") for token in tokens]),
            spelling_codes_S=torch.tensor([code for code, _ in spelled], dtype=torch.int64),
            word_of_S=torch.tensor([number for _, number in spelled], dtype=torch.int64),
            term_codes_T=torch.tensor([code for code, _ in coded], dtype=torch.int64),
            label_terms_CW=torch.tensor(padded, dtype=torch.int64).reshape(len(labels), width),
            longest=max((len(term) for _, term in coded), default=0),
            piece_ids=tuple(sorted({piece for pieces in found for piece in pieces})),
        )

    def mark(self, text_BL: Tensor, object_ids_BR: Tensor) -> Tensor:
        """True on every piece of the terms in `text_BL` that labels of `object_ids_BR` have, (B, L); -1 is no label."""
        is_topic_BL = torch.zeros(text_BL.shape, dtype=torch.bool)
        if not self.longest:
            return is_topic_BL
        is_shown_BT = self._shown(object_ids_BR)
        word_of_place_BL, codes_BL = words_in(text_BL, self.starts_word_V)
        found_BL, is_word_BL = _look_up(codes_BL, self.spelling_codes_S)
        numbers_BL = torch.where(is_word_BL, self.word_of_S[found_BL], _NO_WORD)
        longest = min(self.longest, text_BL.shape[1])
        for size, run_codes_BL in enumerate(_runs(numbers_BL, longest), start=1):
            terms_BL, is_term_BL = _look_up(run_codes_BL, self.term_codes_T)
            is_hit_BL = is_shown_BT.gather(1, terms_BL) & is_term_BL
            for place in range(size):
                is_topic_BL |= functional.pad(is_hit_BL, (place, -place))
        return is_topic_BL.gather(1, word_of_place_BL)

    def _shown(self, object_ids_BR: Tensor) -> Tensor:
        """True for the terms of the labels that are shown, (B, T)."""
        num_terms = len(self.term_codes_T)
        unknown_BR1 = (object_ids_BR < 0)[:, :, None]
        terms_BRW = self.label_terms_CW[object_ids_BR.clamp(min=0)].masked_fill(unknown_BR1, num_terms)
        is_shown_BT = torch.zeros(len(object_ids_BR), num_terms + 1, dtype=torch.bool)
        return is_shown_BT.scatter_(1, terms_BRW.flatten(1), True)[:, :num_terms]


def words_in(text_BL: Tensor, starts_word_V: Tensor) -> tuple[Tensor, Tensor]:
    """Which of its row's words each piece is of, (B, L), and a 64-bit code of every word, (B, L): 0 after the last."""
    places_L = torch.arange(text_BL.shape[1])
    is_first_BL = starts_word_V[text_BL] | (places_L == 0)
    word_of_place_BL = is_first_BL.cumsum(1) - 1
    first_BL = places_L.expand_as(text_BL).masked_fill(~is_first_BL, 0).cummax(1).values
    powers_BL = _powers(len(places_L))[places_L - first_BL]
    codes_BL = torch.zeros_like(text_BL).scatter_add_(1, word_of_place_BL, (text_BL + 1) * powers_BL)
    return word_of_place_BL, codes_BL


def _runs(numbers_BL: Tensor, longest: int) -> Iterator[Tensor]:
    """The codes of the runs of 1, 2 ... `longest` words that begin at each word, (B, L)."""
    codes_BL = torch.zeros_like(numbers_BL)
    for place, power in enumerate(_powers(longest)):
        codes_BL = codes_BL + functional.pad(numbers_BL[:, place:], (0, place), value=_NO_WORD) * power
        yield codes_BL


def _look_up(codes: Tensor, known_K: Tensor) -> tuple[Tensor, Tensor]:
    """Where each code is among those known, ascending and at least one, and whether it is."""
    places = torch.searchsorted(known_K, codes).clamp(max=len(known_K) - 1)
    return places, known_K[places] == codes


def _powers(number: int) -> Tensor:
    return torch.cat([torch.ones(1, dtype=torch.int64), torch.full((number - 1,), _BASE)]).cumprod(0)


def _code(values: Iterable[int]) -> int:
    """As `words_in` and `_runs` have it."""
    code = sum(value * pow(_BASE, place, 1 << 64) for place, value in enumerate(values)) % (1 << 64)
    return code - (1 << 64) if code >> 63 else code


@dataclass(frozen=True, kw_only=True)
class _Lexicon:
    """Gives the words of labels numbers, from 1 on: `numbers` is by the pieces of each of their spellings."""

    vocabulary: Vocabulary
    rule: TopicRule
    numbers: dict[Pieces, int] = field(default_factory=dict)
    _lemmas: dict[str, int] = field(default_factory=dict)

    def words(self, label: str) -> list[tuple[str, int | None]]:
        """Each word of a label with its number; None where the vocabulary lacks it."""
        words = self.vocabulary.split(label)
        if self.rule.unit == "piece":
            ids = [piece for word in words for piece in word.piece_ids]
            return [(self.vocabulary.tokens[piece], self._number((piece,), str(piece))) for piece in ids]
        return [(word.text, self._word(word.text)) for word in words]

    def _word(self, text: str) -> int | None:
        spelled, key = _FORMS[self.rule.form](text)
        found = {self._number(pieces, key) for pieces in map(self._pieces, spelled)}
        return next((number for number in found if number is not None), None)

    def _pieces(self, text: str) -> Pieces:
        return tuple(piece for word in self.vocabulary.split(text) for piece in word.piece_ids)

    def _number(self, pieces: Pieces, key: str) -> int | None:
        """The number of the word `key`, one of whose spellings these pieces are."""
        if self.vocabulary.unknown_id in pieces:
            return None
        return self.numbers.setdefault(pieces, self._lemmas.setdefault(key, len(self._lemmas) + 1))


def _each(words: Sequence[tuple[str, int | None]]) -> list[Pieces]:
    """Every word of a label is a term, but for the hyphen of a t-shirt."""
    return [(number,) for text, number in words if number is not None and any(map(str.isalnum, text))]


def _all(words: Sequence[tuple[str, int | None]]) -> list[Pieces]:
    """All words of a label, in their order, are a term, if the vocabulary has them all."""
    numbers = tuple(number for _, number in words if number is not None)
    return [numbers] if numbers and len(numbers) == len(words) else []


_FORMS: Mapping[str, Callable[[str], tuple[tuple[str, ...], str]]] = {
    "surface": lambda text: ((text,), text),
    "lemma": lambda text: (spellings(text), lemma(text)),
}
_TERMS: Mapping[str, Callable[[Sequence[tuple[str, int | None]]], list[Pieces]]] = {"words": _each, "whole": _all}
