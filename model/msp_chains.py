"""Chains of MSP's stages, as its ablation writes them: `T.P.S`, `T-IFRS.S`, `S-ITM_HS-TITS`, `S_long`, `T+P+S`.

T, P and S are the corpora (token, phrase, sentence); a dot leads to the next stage; `-NAME` leaves an objective out;
`_long` gives the sentence stage alone as many updates as all three stages have; `_grit` has its rows in
GRIT-VLP's order, and hard samples of the mini-batch; `+` merges corpora into one stage.
Torch-free, as all specs are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data.errors import UserError

Letter = Literal["T", "P", "S"]
CORPORA: dict[str, str] = {"T": "token", "P": "phrase", "S": "sentence"}
OBJECTIVES: dict[str, tuple[str, ...]] = {
    "T": ("MLM", "MRFR", "MOC", "IFRS"),
    "P": ("MLM", "MRFR", "MOC", "TITP"),
    "S": ("MLM", "MRFR", "MOC", "TITS", "ITM_HS"),
}
"""What each corpus is trained on. `-ITM_HS` leaves plain matching: the swapped image is then any other one."""
_MERGED = ("MLM", "MRFR", "MOC", "ITM")
_LONG, _GRIT = "_long", "_grit"
_LINK = re.compile(r"(?P<letters>[TPS](?:\+[TPS])*)(?P<long>_long)?(?P<grit>_grit)?(?P<without>(?:-[A-Z_]+)*)")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One stage of a chain: its corpora by letter, and what departs from the ordinary.

    `is_grit`: alike rows share a mini-batch, which is where ITM_HS finds its hard samples, and not in a list.
    """

    letters: tuple[str, ...]
    without: tuple[str, ...] = ()
    is_long: bool = False
    is_grit: bool = False

    @property
    def name(self) -> str:
        """The stage's name: that of its corpus, or `merged`."""
        return CORPORA[self.letters[0]] if len(self.letters) == 1 else "merged"

    @property
    def objectives(self) -> tuple[str, ...]:
        """What is learnt, by the paper's names."""
        if len(self.letters) > 1:
            return _MERGED
        kept = (name for name in OBJECTIVES[self.letters[0]] if name not in self.without)
        return (*kept, *(("ITM",) if "ITM_HS" in self.without else ()))

    def __str__(self) -> str:
        departures = "".join(f"-{name}" for name in self.without)
        kinds = (_LONG if self.is_long else "") + (_GRIT if self.is_grit else "")
        return "+".join(self.letters) + kinds + departures


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Stages one after another, each from the weights of the one before."""

    links: tuple[Link, ...]

    @property
    def before(self) -> Chain | None:
        """The chain without its last stage; None where that is its first."""
        return Chain(links=self.links[:-1]) if len(self.links) > 1 else None

    @property
    def can_match(self) -> bool:
        """Whether its last stage learns matching, so that pairs can be scored with no fine-tuning."""
        return bool({"ITM", "ITM_HS"} & {*self.links[-1].objectives})

    def __str__(self) -> str:
        return ".".join(map(str, self.links))


def parse(text: str) -> Chain:
    """The chain that a text names. Raises UserError."""
    links = tuple(_link(part, text) for part in text.split("."))
    names = [link.name for link in links]
    if len(set(names)) < len(names):
        raise _malformed(text, f"the stage {max(names, key=names.count)} twice")
    return Chain(links=links)


def _link(part: str, text: str) -> Link:
    found = _LINK.fullmatch(part)
    if found is None:
        raise _malformed(text, repr(part))
    letters = tuple(found["letters"].split("+"))
    without = tuple(found["without"].split("-")[1:])
    if letters != tuple(letter for letter in CORPORA if letter in letters):
        raise _malformed(text, f"{part}: merged corpora in another order than {'+'.join(CORPORA)}, or one twice")
    for kind, name in (("long", "long"), ("grit", "grouped by grit")):
        if found[kind] and letters != ("S",):
            raise _malformed(text, f"{part}: only S can be {name}")
    if found["grit"] and "ITM_HS" in without:
        raise _malformed(text, f"{part}: grit is another way to find the hard samples of ITM_HS, which is left out")
    if without and len(letters) > 1:
        raise _malformed(text, f"{part}: merged corpora learn {', '.join(_MERGED)}, and none of it is left out")
    _hold_known(without, OBJECTIVES[letters[0]], part, text)
    in_order = tuple(name for name in OBJECTIVES[letters[0]] if name in without)
    return Link(letters=letters, without=in_order, is_long=bool(found["long"]), is_grit=bool(found["grit"]))


def _hold_known(without: Sequence[str], objectives: Sequence[str], part: str, text: str) -> None:
    for name in without:
        if name not in objectives:
            raise _malformed(text, f"{part}: {name}, where there are {', '.join(objectives)}")
    if len(set(without)) == len(objectives):
        raise _malformed(text, f"{part}: nothing left to learn")


def _malformed(text: str, found: str) -> UserError:
    return UserError(
        expected="a chain of stages such as T.P.S, T-IFRS.S, S-ITM_HS-TITS, S_long, S_grit or T+P+S",
        found=found,
        where=f"the chain {text!r}",
        way_out="give one of that form; model/msp_chains.py says what it means",
    )
