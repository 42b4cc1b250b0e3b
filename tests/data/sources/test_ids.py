"""One spelling for every image id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.ids import image_id_of, numbered


@pytest.mark.parametrize(
    ("name", "image_id"),
    [
        ("COCO_train2014_000000318556", "coco:318556"),
        ("COCO_val2014_000000253964.jpg", "coco:253964"),
        ("000000000790.jpg", "coco:790"),
        ("000000000000", "coco:0"),
        ("coco:000790", "coco:790"),
        ("2375429", "vg:2375429"),
        ("vg:2375429", "vg:2375429"),
        ("n116329", "gqa:n116329"),
        ("1000092795.jpg", "flickr30k:1000092795"),
        ("flickr30k:1000092795", "flickr30k:1000092795"),
        ("train-10171-0-img0", "nlvr2:train-10171-0-img0"),
        ("nlvr1:1572-0-3", "nlvr1:1572-0-3"),
        ("", None),
        ("picture.png", None),
        ("12345678901234567890", None),
        ("٣", None),
        ("9\n", None),
    ],
)
def test_the_publishers_names_become_ids_with_their_collection(name, image_id):
    assert image_id_of(name) == image_id


@given(st.integers(0, 10**11 - 1), st.sampled_from(["coco", "vg", "flickr30k"]))
def test_an_id_of_ours_stays_itself(number, collection):
    assert image_id_of(numbered(collection, number)) == numbered(collection, number)


@given(st.text())
def test_any_text_is_an_id_that_fits_the_store_or_none(name):
    image_id = image_id_of(name)
    assert image_id is None or (len(image_id.encode()) <= 64 and image_id_of(image_id) == image_id)
