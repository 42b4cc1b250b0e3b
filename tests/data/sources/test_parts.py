from __future__ import annotations

import pytest

from data.sources.parts import part_of, split_of


@pytest.mark.parametrize(
    ("name", "part", "split"),
    [
        ("COCO_train2014_000000318556.jpg", "train2014", "train"),
        ("captions_val2017.json", "val2017", "validation"),
        ("v2_OpenEnded_mscoco_test-dev2015_questions.json", "test-dev2015", "test"),
        ("image_info_test2015.json", "test2015", "test"),
        ("train_balanced_questions.json", "train", "train"),
        ("val_all_questions.json", "val", "validation"),
        ("testdev_balanced_questions.json", "testdev", "test"),
        ("challenge_all_questions.json", "challenge", "test"),
        ("sample60k_valid_questions.json", "valid", "validation"),
        ("nominival.json", "nominival", "train"),
        ("minival.json", "minival", "validation"),
        ("dev-850-0-img0.png", "dev", "validation"),
        ("test1-0-0-img1.png", "test1", "test"),
    ],
)
def test_a_files_name_says_which_part_it_is_and_what_that_is_meant_for(name: str, part: str, split: str) -> None:
    assert part_of(name) == part
    assert split_of(part) == split


@pytest.mark.parametrize(
    "name", ["", "1.jpg", "000000318556.jpg", "dataset_flickr30k.json", "contest.json", "smallval.json"]
)
def test_a_name_that_speaks_of_no_part_has_none(name: str) -> None:
    assert part_of(name) is None
