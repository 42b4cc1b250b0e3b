"""Under a minute: everything runs and nothing is learnt. For tests, and to try a change before a longer run."""

import dataclasses

from data.world.plan import WorldSize
from model.curricula.msp import MINIATURE
from tasks.profiles import Profile

PROFILE = Profile(
    world=WorldSize(
        num_train_images=60,
        num_phrase_images=50,
        num_caption_images=40,
        num_validation_images=12,
        num_test_images=16,
        num_detector_images=80,
    ),
    vocabulary_entries=1000,
    validation_rate=0.1,
    test_rate=0.1,
    num_negatives=20,
    msp=dataclasses.replace(
        MINIATURE,
        network=dataclasses.replace(MINIATURE.network, hidden_size=32, num_layers=1, intermediate_size=64),
        token=dataclasses.replace(MINIATURE.token, num_steps=40),
        phrase=dataclasses.replace(MINIATURE.phrase, num_steps=40),
        sentence=dataclasses.replace(MINIATURE.sentence, num_steps=40),
    ),
)
