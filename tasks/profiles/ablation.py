"""The miniature's world with short trainings and many seeds: `AblationTable` in at most an hour of two CPU cores."""

import dataclasses

from model.curricula.msp import MINIATURE
from tasks.profiles import AblationSizes, BenchmarkSizes, miniature

_FINE_TUNING = miniature.PROFILE.fine_tuning

PROFILE = dataclasses.replace(
    miniature.PROFILE,
    msp=dataclasses.replace(
        MINIATURE,
        token=dataclasses.replace(MINIATURE.token, num_steps=400),
        phrase=dataclasses.replace(MINIATURE.phrase, num_steps=400),
        sentence=dataclasses.replace(MINIATURE.sentence, num_steps=1000),
        sentence_long=dataclasses.replace(MINIATURE.sentence_long, num_steps=1800),
        merged=dataclasses.replace(MINIATURE.merged, num_steps=1800),
        merged_rates={"token": 400, "phrase": 400, "sentence": 1000},
    ),
    fine_tuning=dataclasses.replace(
        _FINE_TUNING, own={**_FINE_TUNING.own, "vqa": BenchmarkSizes(batch_size=32, num_epochs=2)}
    ),
    ablation=AblationSizes(num_seeds={"zero_shot_retrieval": 5, "vqa": 5, "nlvr1": 5}),
)
