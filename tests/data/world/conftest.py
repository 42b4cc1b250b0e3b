"""A very small published world, written once for all tests here."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.progress import silent
from data.world.plan import WorldSize
from data.world.publish import publish

SEED = 3


@pytest.fixture(scope="session")
def size() -> WorldSize:
    return WorldSize(
        num_train_images=40,
        num_phrase_images=12,
        num_caption_images=6,
        num_validation_images=3,
        num_test_images=4,
        num_detector_images=12,
        num_questions=5,
        num_flickr_train_images=5,
        num_flickr_validation_images=2,
        num_flickr_test_images=3,
        num_flickr_captions=3,
        num_flickr_test_captions=2,
        num_nlvr2_train_sets=2,
        num_nlvr2_validation_sets=1,
        num_nlvr2_test_sets=1,
        num_nlvr2_sentences=6,
        num_text_scenes=7,
        num_inference_premises=6,
        num_inference_test_premises=3,
    )


@pytest.fixture(scope="session")
def world(size: WorldSize, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("world")
    publish(size, seed=SEED, into=into, num_workers=2, progress=silent)
    return into
