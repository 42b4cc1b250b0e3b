"""Part-of-speech taggers, one backend a file whose name ends in `_tagger`; the folder is the list.

A backend has the functions of `Backend`; `running.py` trains and tags with any of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

from data.errors import UserError
from data.taggers.treebank import Sentence

TaggedText = list[tuple[str, str]]
"""The words of one text, each with its universal part of speech (https://universaldependencies.org/u/pos/)."""


VerbRule = Literal["verb", "verb_or_aux", "none"]
"""What counts as a verb: main verbs only; auxiliaries and copulas ("the cap is green") too; or nothing, for texts that
are known to hold none and are not tagged at all."""

TAGS: Mapping[VerbRule, frozenset[str]] = {
    "verb": frozenset({"VERB"}),
    "verb_or_aux": frozenset({"VERB", "AUX"}),
    "none": frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class TaggerSettings:
    """How long to train and the seed of initial weights, shuffling and dropout."""

    num_epochs: int = 8
    seed: int = 0


class Backend(Protocol):
    """What a file of this folder whose name ends in `_tagger` offers. `running.py` calls it in worker processes."""

    def fit(self, sentences: list[Sentence], settings: TaggerSettings, into: Path) -> None:
        """Train, and write the model into the folder `into`."""

    def tag_words(self, sentences: list[tuple[str, ...]], model: str) -> list[list[str]]:
        """The tags of sentences that are words already; `model` is a folder that `fit` filled, or a name."""

    def tag_texts(self, texts: list[str], model: str) -> list[TaggedText]:
        """The words of texts and their tags."""


def backend_names() -> list[str]:
    """The names of all backends, in order."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.endswith("_tagger"))


def backend(name: str) -> Backend:
    """The backend in the file `name`, such as `spacy_tagger`. Raises UserError for one that is not there."""
    names = backend_names()
    if name not in names:
        raise UserError(
            expected=f"a tagger backend: {' or '.join(names)}",
            found=repr(name),
            where="[PosTagger] backend",
            way_out=f"set backend = {names[-1]}",
        )
    return cast(Backend, importlib.import_module(f"{__name__}.{name}"))
