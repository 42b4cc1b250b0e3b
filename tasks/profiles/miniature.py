"""Minutes on two CPU cores: the generated world, or a trial run on real files."""

from data.world.plan import WorldSize
from model.curricula.msp import MINIATURE
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
    vocabulary_entries=1000,
    validation_rate=0.1,
    test_rate=0.1,
    num_negatives=100,
    msp=MINIATURE,
)
