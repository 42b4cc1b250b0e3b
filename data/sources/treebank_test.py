"""The treebank's held-out sentences, to score the tagger: CoNLL-U, such as Universal Dependencies' English EWT.

The taggers read it. https://universaldependencies.org/format.html
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="treebank_test",
    title="The treebank's held-out sentences, to score the tagger (CoNLL-U)",
    address="https://github.com/UniversalDependencies/UD_English-EWT",
    reads={},
    marks=(Marks(pattern=r"^(#[^\n]*\n)*1(-[0-9]+)?\t[^\t\n]+\t[^\t\n]+\t"),),
)
