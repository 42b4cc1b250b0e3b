"""The possible answers of GQA, as LXMERT's `trainval_label2ans.json`: a JSON list of 1,842 texts.

https://github.com/airsplay/lxmert/tree/master/data/gqa
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, Reject, Source
from data.sources import answer_lists

NAME = "gqa_answers"


def answers(path: Path, reject: Reject) -> Iterator[str]:
    """The answers by id; nothing is rejected, a bad one is an error."""
    return answer_lists.answers(path, source=NAME)


SOURCE = Source(
    name=NAME,
    title="Possible answers of GQA",
    address="https://github.com/airsplay/lxmert (data/gqa/trainval_label2ans.json)",
    reads={"answer_list": answers},
    pool="gqa",
    marks=(Marks(pattern=r'^\s*\[\s*"[^"\\]*"\s*[,\]]'),),
)
