"""The possible answers of VQA v2, as LXMERT's `trainval_label2ans.json`: a JSON list of 3,129 texts.

The first is the empty text.
https://github.com/airsplay/lxmert/tree/master/data/vqa
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, Reject, Source
from data.sources import answer_lists

NAME = "vqa_answers"


def answers(path: Path, reject: Reject) -> Iterator[str]:
    """The answers by id; nothing is rejected, a bad one is an error."""
    return answer_lists.answers(path, source=NAME)


SOURCE = Source(
    name=NAME,
    title="Possible answers of VQA v2",
    address="https://github.com/airsplay/lxmert (data/vqa/trainval_label2ans.json)",
    reads={"answer_list": answers},
    pool="vqa",
    marks=(Marks(pattern=r'^\s*\[\s*"[^"\\]*"\s*[,\]]'),),
)
