"""The sizes of the MSP paper (ACL 2021). Where the paper is silent, docs/msp.md says what was chosen."""

import dataclasses

from model.curricula.msp import PAPER
from tasks.profiles import miniature

PROFILE = dataclasses.replace(
    miniature.PROFILE, vocabulary_entries=30_522, validation_rate=0.01, test_rate=0.01, num_negatives=100, msp=PAPER
)
