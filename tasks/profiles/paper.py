"""The sizes of the MSP paper (ACL 2021). Where the paper is silent, docs/msp.md says what was chosen."""

import dataclasses

from model.curricula import grit, momo
from model.curricula.msp import PAPER
from model.specs import Optimizer
from tasks.profiles import AblationSizes, BenchmarkSizes, FineTuningSizes, miniature

PROFILE = dataclasses.replace(
    miniature.PROFILE,
    vocabulary_entries=30_522,
    text_length=128,
    validation_rate=0.01,
    test_rate=0.01,
    num_negatives=100,
    images_per_shard=4096,
    rows_per_shard=65536,
    msp=PAPER,
    fine_tuning=FineTuningSizes(
        optimizer=Optimizer(name="adamw", learning_rate=5e-5, weight_decay=0.01, warmup_rate=0.1, clip_norm=5.0),
        default=BenchmarkSizes(batch_size=32),
        view={"crop_scale": (0.5, 1.0)},  # as ALBEF's code has it (dataset/__init__.py)
    ),
    grit=grit.PAPER,
    momo=momo.PAPER,
    ablations=dict.fromkeys(
        ("msp", "grit", "momo"),
        AblationSizes(num_seeds=dict.fromkeys(("vqa", "gqa", "nlvr2", "retrieval", "zero_shot_retrieval", "nlvr1"), 1)),
    ),
)
