"""The miniature's images with short trainings and many seeds: `AblationTable` in at most an hour of two CPU cores."""

import dataclasses

from model.curricula.msp import MINIATURE
from tasks.profiles import AblationSizes, BenchmarkSizes, miniature

_FINE_TUNING = miniature.PROFILE.fine_tuning

PROFILE = dataclasses.replace(
    miniature.PROFILE,
    world=dataclasses.replace(miniature.PROFILE.world, num_flickr_test_captions=1),  # half the pairs to score
    msp=dataclasses.replace(
        MINIATURE,
        token=dataclasses.replace(MINIATURE.token, num_steps=300),
        phrase=dataclasses.replace(MINIATURE.phrase, num_steps=300),
        sentence=dataclasses.replace(MINIATURE.sentence, num_steps=1000),
        sentence_long=dataclasses.replace(MINIATURE.sentence_long, num_steps=1600),
        merged=dataclasses.replace(MINIATURE.merged, num_steps=1600),
        merged_rates={"token": 300, "phrase": 300, "sentence": 1000},
    ),
    fine_tuning=dataclasses.replace(
        _FINE_TUNING,
        own={
            **_FINE_TUNING.own,
            **{name: BenchmarkSizes(batch_size=32, num_epochs=1) for name in ("vqa", "gqa", "nlvr2")},
            "retrieval": BenchmarkSizes(batch_size=8, num_epochs=1),
            "nlvr1": BenchmarkSizes(batch_size=32, num_epochs=4),
        },
    ),
    ablations={
        "msp": AblationSizes(
            num_seeds={"zero_shot_retrieval": 5, "retrieval": 5, "nlvr1": 5, "vqa": 1, "gqa": 1, "nlvr2": 1}
        ),
        "grit": AblationSizes(num_seeds={"zero_shot_retrieval": 5}),
        "momo": AblationSizes(
            num_seeds=dict.fromkeys(("zero_shot_retrieval", "mnli", "image_classes_knn", "image_classes_probe"), 3)
        ),
    },
)
