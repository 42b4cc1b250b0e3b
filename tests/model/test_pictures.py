"""Batches of pictures: the same bytes whatever makes them, and in whatever company."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from data import draws as hashes
from data.errors import SourceError
from data.pictures.decoding import decode
from data.pictures.store import PictureStore
from data.pictures.views import CLIP, IMAGENET, Evaluation, Training
from data.schema import PICTURES
from data.writers import write_with_blobs
from model.batch import Draws
from model.pictures import Pictures, normalised

NUM_PICTURES = 7
DRAWS = Draws(seed=3, epoch=1)
KEYS = hashes.row_keys(f"row {number}" for number in range(NUM_PICTURES))
TRAINING = Training(size_px=24)


def write_store(folder: Path, encoded: list[bytes]) -> PictureStore:
    """A store of these pictures, `x:0` on."""
    (folder / "pictures").mkdir(parents=True)
    rows = [
        {
            "image_id": f"x:{number}",
            "width_px": 1,
            "height_px": 1,
            "format": "PNG",
            "num_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "source": "coco_images",
            "folder": 0,
            "path": f"{number}.png",
            "encoded": content,
        }
        for number, content in enumerate(encoded)
    ]
    table = pa.Table.from_pylist(rows, schema=PICTURES)
    write_with_blobs(folder / "pictures/part-00000.parquet", [table], PICTURES, blobs="encoded")
    return PictureStore.open(folder)


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    """Pictures of noise; the first is of 24 x 24 px, the others larger and wider."""
    pictures = []
    for number in range(NUM_PICTURES):
        buffer = io.BytesIO()
        shape = (24 + number, 24 + 3 * number, 3)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, shape, np.uint8)).save(buffer, "PNG")
        pictures.append(buffer.getvalue())
    return write_store(tmp_path / "store", pictures)


@pytest.fixture
def pictures(store: PictureStore) -> Iterator[Pictures]:
    with Pictures(store) as pictures:
        yield pictures


def everything(pictures: Pictures) -> torch.Tensor:
    return pictures.take(torch.arange(NUM_PICTURES), KEYS, DRAWS, TRAINING)


def test_a_picture_of_the_views_size_comes_with_its_own_pixels(store: PictureStore, pictures: Pictures) -> None:
    taken = pictures.take(torch.tensor([0]), KEYS[:1], DRAWS, Evaluation(size_px=24))
    assert (taken.shape, taken.dtype) == ((1, 3, 24, 24), torch.uint8)
    pixels_HW3 = np.asarray(decode(store.read(0)))
    np.testing.assert_array_equal(taken[0].numpy(), pixels_HW3.transpose(2, 0, 1))


def test_the_bytes_do_not_depend_on_the_number_of_threads(store: PictureStore) -> None:
    found = []
    for num_threads in (1, 4):
        with Pictures(store, num_threads=num_threads) as pictures:
            found.append(everything(pictures))
    assert torch.equal(*found)
    assert len(found[0].unique()) > 200


def test_any_batch_in_any_order_has_the_bytes_that_each_row_has(pictures: Pictures) -> None:
    whole = everything(pictures)
    order = [4, 0, 6, 1]
    assert torch.equal(pictures.take(torch.tensor(order), KEYS[order], DRAWS, TRAINING), whole[order])


def test_a_second_run_that_begins_in_the_middle_sees_the_same(store: PictureStore, pictures: Pictures) -> None:
    whole = everything(pictures)
    with Pictures(PictureStore.open(store._paths[0].parents[1])) as resumed:
        assert torch.equal(resumed.take(torch.tensor([5, 6]), KEYS[5:], DRAWS, TRAINING), whole[5:])


def test_rows_of_one_image_and_epochs_see_it_differently(pictures: Pictures) -> None:
    twice = pictures.take(torch.tensor([6, 6]), KEYS[:2], DRAWS, TRAINING)
    assert not torch.equal(twice[0], twice[1])
    later = pictures.take(torch.tensor([6, 6]), KEYS[:2], Draws(seed=3, epoch=2), TRAINING)
    assert not torch.equal(later, twice)


def test_rows_whose_text_names_a_side_are_not_mirrored(pictures: Pictures) -> None:
    view = Training(size_px=24, crop_scale=(1, 1), crop_ratio=(1, 1), flip_rate=1, num_operations=0)
    images_B, may_flip_B = torch.tensor([0, 0]), np.array([True, False])
    mirrored, kept = pictures.take(images_B, KEYS[:2], DRAWS, view, may_flip_B=may_flip_B)
    assert torch.equal(mirrored, kept.flip(2))
    assert not torch.equal(mirrored, kept)


def test_no_rows_are_no_pictures(pictures: Pictures) -> None:
    assert pictures.take(torch.tensor([], dtype=torch.int64), KEYS[:0], DRAWS, TRAINING).shape == (0, 3, 24, 24)


def test_no_global_random_state_is_read_or_changed(pictures: Pictures) -> None:
    first = everything(pictures)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    assert torch.equal(everything(pictures), first)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_picture_that_cannot_be_decoded_any_more_is_named(tmp_path: Path) -> None:
    with Pictures(write_store(tmp_path, [b"no picture"])) as pictures, pytest.raises(SourceError, match="x:0"):
        pictures.take(torch.tensor([0]), KEYS[:1], DRAWS, TRAINING)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_a_gpu_are_those_on_the_host_though_their_memory_is_used_again(
    store: PictureStore, pictures: Pictures
) -> None:
    with Pictures(store, device="cuda") as on_gpu:
        sizes = [7, 1, 7, 3, 7]
        found = [on_gpu.take(torch.arange(size), KEYS[:size], DRAWS, TRAINING) for size in sizes]
    whole = everything(pictures)
    assert all(torch.equal(each.cpu(), whole[:size]) for each, size in zip(found, sizes, strict=True))


def test_values_are_normalised_by_channel() -> None:
    pictures_B3HW = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    found = normalised(pictures_B3HW, IMAGENET)
    assert found.dtype == torch.float32
    # (0 - 0.485) / 0.229, (1 - 0.456) / 0.224, (0.2 - 0.406) / 0.225
    torch.testing.assert_close(found.flatten(), torch.tensor([-2.117904, 2.428571, -0.915556]))
    torch.testing.assert_close(
        normalised(pictures_B3HW, CLIP).flatten(),
        torch.tensor([-0.48145466 / 0.26862954, (1 - 0.4578275) / 0.26130258, (0.2 - 0.40821073) / 0.27577711]),
    )
