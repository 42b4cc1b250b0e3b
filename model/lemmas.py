"""Singular and plural as one word, by a rule of English spelling: what topics are compared by where `form = lemma`.

A rule and not a stemmer, for two reasons: Porter's stem of "building" is that of "build", and a label is to be found
under its own plural only; and the rule can be turned round, so that a text needs no look at its letters. It needs no
list of all words either, so it errs: "glasses" are "glass", "axes" are "ax".
"""

from __future__ import annotations

from collections.abc import Iterable

_IRREGULAR = {
    **{"men": "man", "people": "person", "children": "child", "feet": "foot", "teeth": "tooth", "geese": "goose"},
    **{"mice": "mouse", "oxen": "ox", "dice": "die", "buses": "bus", "lenses": "lens", "mustaches": "mustache"},
    **{f"{stem}ves": f"{stem}f" for stem in ("cal", "hal", "hoo", "lea", "loa", "scar", "shel", "thie", "wol")},
    **{f"{stem}ves": f"{stem}fe" for stem in ("kni", "li", "wi")},
    **{f"{stem}oes": f"{stem}o" for stem in ("buffal", "her", "mang", "mosquit", "potat", "tomat", "torped", "volcan")},
    **{f"{stem}ies": f"{stem}ie" for stem in ("bean", "bowt", "brown", "cook", "hood", "mov", "neckt", "self", "vegg")},
    **{word: word for word in ("does", "gas", "lens", "news", "series", "species")},
}
_SHORTEST = 4  # letters of a plural that the rule may take apart: "bus" and "gas" are none
_SIBILANTS = ("ches", "shes", "sses", "xes")  # after these the plural has an e of its own


def lemma(word: str) -> str:
    """The singular of a word in lower case; the word itself where the rule sees no plural."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < _SHORTEST or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("men"):
        return f"{word[:-2]}an"
    if word.endswith("ies") and len(word) > _SHORTEST:
        return f"{word[:-3]}y"
    if word.endswith(_SIBILANTS):
        return word[:-2]
    return word.removesuffix("s")


def spellings(word: str) -> tuple[str, ...]:
    """All words that have the lemma of `word`, sorted."""
    singular = lemma(word)
    return tuple(sorted({other for other in _candidates(singular) if lemma(other) == singular}))


def _candidates(singular: str) -> Iterable[str]:
    """Whatever one of the rules may lead back to `singular`."""
    yield from (singular, f"{singular}s", f"{singular}es", f"{singular[:-1]}ies", f"{singular[:-2]}en")
    yield from (plural for plural, its in _IRREGULAR.items() if its == singular)
