"""GRIT-VLP: pairs that are alike share a mini-batch."""

from tasks.systems import System

SYSTEM = System(
    title="GRIT-VLP: pairs that are alike, together",
    stages={"pairs": "grit"},
    benchmarks=("zero_shot_retrieval", "retrieval", "vqa", "nlvr2"),
    peers=("ALBEF", "LXMERT"),
)
