"""The sizes of the MSP paper (ACL 2021). Where the paper is silent, docs/msp.md says what was chosen."""

from data.world.plan import WorldSize
from model.curricula.msp import PAPER
from tasks.profiles import Profile

PROFILE = Profile(
    world=WorldSize(
        num_train_images=1200,
        num_phrase_images=800,
        num_caption_images=500,
        num_validation_images=160,
        num_test_images=260,
        num_detector_images=500,
    ),
    vocabulary_entries=30_522,
    validation_rate=0.01,
    test_rate=0.01,
    num_negatives=100,
    msp=PAPER,
)
