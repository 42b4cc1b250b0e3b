"""The treebank's held-out sentences, to score the tagger: CoNLL-U, such as Universal Dependencies' English EWT.

The taggers read it. https://universaldependencies.org/format.html
"""

from __future__ import annotations

from data.records import Source

SOURCE = Source(
    name="treebank_test",
    title="The treebank's held-out sentences, to score the tagger (CoNLL-U)",
    address="https://github.com/UniversalDependencies/UD_English-EWT",
    reads={},
)
