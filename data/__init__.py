"""From publishers' files to corpora, region stores and indexes: pure functions, no luigi, no torch at module level.

This package is code. A user's files and everything built from them live elsewhere (`[sources]` and `[workspace]`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from data.opening import Opened


def open(name: str, workspace: str | Path = "./workspace") -> Opened:
    """The artifact that `<workspace>/current/` has under a label: `data.open("PhraseCorpus").pandas()`.

    Raises UserError where there is none. What opens it is imported only now, and by its name: this package is part of
    every task's code, and that is not.
    """
    opened: Opened = import_module("data.opening").open(name, workspace)
    return opened
