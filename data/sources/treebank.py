"""A treebank to train a tagger on: CoNLL-U, such as Universal Dependencies' English EWT.

The taggers read it. https://universaldependencies.org/format.html
"""

from __future__ import annotations

from data.records import Source

SOURCE = Source(
    name="treebank",
    title="A treebank to train a tagger on (CoNLL-U)",
    address="https://github.com/UniversalDependencies/UD_English-EWT",
    reads={},
)
