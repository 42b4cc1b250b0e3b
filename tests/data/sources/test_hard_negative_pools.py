"""ViLBERT's `hard_negative.pkl`: whom each image's nearest are, by id."""

import pickle

import numpy as np
import pytest

from data.errors import SourceError
from data.records import NegativesRecord


def test_places_in_the_list_become_ids_and_an_image_is_not_its_own_negative(whole_files, read_all):
    negatives, rejections = read_all("flickr30k_hard_negatives", "negatives", whole_files["flickr30k_hard_negatives"])
    assert negatives == [
        NegativesRecord(image_id="flickr30k:36979", negative_ids=("flickr30k:81641", "flickr30k:65567")),
        NegativesRecord(image_id="flickr30k:65567", negative_ids=("flickr30k:36979", "flickr30k:81641")),
        NegativesRecord(image_id="flickr30k:81641", negative_ids=("flickr30k:36979", "flickr30k:65567")),
    ]
    assert rejections == []
    (first, *_), _ = read_all("coco_hard_negatives", "negatives", whole_files["coco_hard_negatives"])
    assert first == NegativesRecord(image_id="coco:36979", negative_ids=("coco:81641", "coco:65567"))


@pytest.mark.parametrize("numbers", [np.array([7, 8, 9]), ["7", "COCO_val2014_000000000008.jpg", "9"]])
def test_the_list_of_images_may_be_an_array_or_names(read_all, pool, numbers):
    contents = pickle.dumps(pool | {"train_image_list": numbers})
    negatives, _ = read_all("coco_hard_negatives", "negatives", contents)
    assert [record.image_id for record in negatives] == ["coco:7", "coco:8", "coco:9"]


def test_an_image_of_unknown_form_is_rejected_and_nobodys_negative(read_all, pool):
    contents = pickle.dumps(pool | {"train_image_list": [7, "a b", 9]})
    negatives, rejections = read_all("coco_hard_negatives", "negatives", contents)
    assert negatives == [
        NegativesRecord(image_id="coco:7", negative_ids=("coco:9",)),
        NegativesRecord(image_id="coco:9", negative_ids=("coco:7",)),
    ]
    assert [rejection.reason for rejection in rejections] == ["image id of unknown form"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"train_hard_pool": [[0, 1, 2]] * 3}, "no row of train_hard_pool for each image"),
        ({"train_hard_pool": np.zeros((2, 3))}, "no row of train_hard_pool for each image"),
        ({"train_hard_pool": np.zeros(3)}, "no row of train_hard_pool for each image"),
        ({"train_hard_pool": np.full((3, 2), 3.0)}, "a place in train_hard_pool that is none of the list"),
        ({"train_hard_pool": np.full((3, 2), -1.0)}, "a place in train_hard_pool that is none of the list"),
        ({"train_hard_pool": np.full((3, 2), 0.5)}, "a place in train_hard_pool that is none of the list"),
        ({"train_hard_pool": np.full((3, 2), np.nan)}, "a place in train_hard_pool that is none of the list"),
        ({"train_hard_pool": np.full((3, 2), "a")}, "an array of other things than numbers"),
        ({"train_image_list": 3}, "no list in train_image_list"),
        ({"train_image_list": []}, "no list in train_image_list"),
        ({"train_image_list": {1, 2}}, "which data do not need"),
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(read_all, pool, change, found):
    with pytest.raises(SourceError, match=found):
        read_all("coco_hard_negatives", "negatives", pickle.dumps(pool | change))


def test_another_pickle_or_a_huge_one_is_refused(read_all, monkeypatch):
    with pytest.raises(SourceError, match="a pickle of something else"):
        read_all("coco_hard_negatives", "negatives", pickle.dumps({"train_image_list": []}))
    monkeypatch.setattr("data.sources.hard_negative_pools.MAX_BYTES", 1 << 10)
    with pytest.raises(SourceError, match="more than 0 MiB"):
        read_all("coco_hard_negatives", "negatives", bytes(2 << 10))
