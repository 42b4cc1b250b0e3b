"""Part-of-speech taggers, one backend a file whose name ends in `_tagger`; the folder is the list.

A backend has the functions of `Backend`. All of its work is done in spawned processes: `import spacy` pulls in torch,
which the caller's process must never hold.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from data.errors import UserError
from data.progress import Progress

TaggedText = list[tuple[str, str]]
"""The words of one text, each with its universal part of speech (https://universaldependencies.org/u/pos/)."""


@dataclass(frozen=True, kw_only=True)
class TaggerSettings:
    """How long to train and the seed of initial weights, shuffling and dropout."""

    num_epochs: int = 8
    seed: int = 0


class Backend(Protocol):
    """What a file of this folder whose name ends in `_tagger` offers."""

    def train(
        self, treebank: Path, held_out: Path | None, *, settings: TaggerSettings, into: Path, progress: Progress
    ) -> None:
        """Train on a CoNLL-U treebank; write the model and scores.json into the folder `into`."""

    def tag(
        self, texts: Sequence[str], model: str, *, num_workers: int, progress: Progress
    ) -> Iterator[list[TaggedText]]:
        """Tag `texts` in order, in chunks; `model` is a folder that `train` filled, or names a model of the library."""


def backend(name: str) -> Backend:
    """The backend in the file `name`, such as `spacy_tagger`. Raises UserError for one that is not there."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.endswith("_tagger"))
    if name not in names:
        raise UserError(
            expected=f"a tagger backend: {' or '.join(names)}",
            found=repr(name),
            where="[PosTagger] backend",
            way_out=f"set backend = {names[-1]}",
        )
    return cast(Backend, importlib.import_module(f"{__name__}.{name}"))
