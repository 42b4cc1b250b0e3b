"""BERT's `vocab.txt`: one word piece a line, a line's number from 0 is its id; read by `tokenizers`.

https://github.com/google-research/bert
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="bert_vocabulary",
    title="BERT's word pieces",
    address="https://huggingface.co/google-bert/bert-base-uncased (vocab.txt)",
    reads={},
    marks=(Marks(pattern=r"(^|\n)\[UNK\]\r?\n"),),
)
