"""What a trained model is judged on, one file each; the folder is the list.

A file defines `OBJECTIVES`, the heads it needs, and `evaluate(options, trial) -> None`, which writes scores.json and
what was predicted into `trial.into`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.progress import Progress
from model.facts import Facts
from model.learner import Learner
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A trained learner, what it is to be judged on, and where to write."""

    learner: Learner
    network: Network
    facts: Facts
    corpus: Callable[[str], Path]  # a corpus's folder by its name
    into: Path
    progress: Progress


Evaluate = Callable[[Options, Trial], None]
