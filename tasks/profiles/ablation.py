"""The miniature with many seeds: `AblationTable` in at most an hour of two CPU cores."""

import dataclasses

from tasks.profiles import AblationSizes, miniature

PROFILE = dataclasses.replace(
    miniature.PROFILE,
    ablation=AblationSizes(num_seeds={"zero_shot_retrieval": 5, "vqa": 5, "nlvr1": 5}),
)
