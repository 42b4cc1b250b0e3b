import base64
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from data.regions.store import RegionStore
from report.inputs import ReportInputs
from report.pictures import Picture, pictures
from tests.report import run

MakeInputs = Callable[..., ReportInputs]


@pytest.fixture
def inputs(make_inputs: MakeInputs) -> ReportInputs:
    return make_inputs()


@pytest.fixture
def store(inputs: ReportInputs) -> RegionStore:
    assert inputs.regions is not None
    return RegionStore.open(inputs.regions / "regions.h5")


def thumbnail(picture: Picture) -> Image.Image:
    assert picture.address is not None
    return Image.open(io.BytesIO(base64.b64decode(picture.address.partition(",")[2])))


def test_a_small_picture_keeps_its_size_and_is_shown_at_the_pages_width(
    inputs: ReportInputs, store: RegionStore
) -> None:
    found = pictures(["coco:2"], inputs, store)["coco:2"]
    assert (found.width_px, found.height_px) == (220, 110)
    assert thumbnail(found).size == (80, 40)


def test_a_large_picture_is_made_small(inputs: ReportInputs, store: RegionStore, tmp_path: Path) -> None:
    Image.new("RGB", (1600, 800), (9, 9, 9)).save(tmp_path / "pictures" / "1.jpg")
    assert thumbnail(pictures(["coco:1"], inputs, store)["coco:1"]).size == (220, 110)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_picture_that_cannot_be_had_is_an_empty_frame_of_its_shape(
    inputs: ReportInputs, store: RegionStore, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "pictures" / "3.jpg"
    path.unlink() if content is None else path.write_bytes(content)
    found = pictures(["coco:3"], inputs, store)["coco:3"]
    assert (found.address, found.height_px) == (None, 110)


def test_a_picture_of_another_shape_is_not_shown(inputs: ReportInputs, store: RegionStore, tmp_path: Path) -> None:
    Image.new("RGB", (40, 80)).save(tmp_path / "pictures" / "3.jpg")
    assert pictures(["coco:3"], inputs, store)["coco:3"].address is None


def test_folders_that_are_gone_are_no_error(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs(pictures={"coco_images": (tmp_path / "gone",)})
    assert pictures(["coco:1"], inputs, None)["coco:1"].address is None


def test_without_an_image_table_frames_have_the_shape_that_the_regions_know(
    inputs: ReportInputs, store: RegionStore
) -> None:
    found = pictures(["coco:1", "vg:7"], ReportInputs(**{**vars(inputs), "images": None}), store)
    assert found["coco:1"].height_px == 110
    assert found["vg:7"].height_px == 165  # nobody knows: four to three


def test_the_image_table_knows_a_shape_too(inputs: ReportInputs) -> None:
    assert pictures(["coco:1"], inputs, None)["coco:1"].height_px == 110
    assert set(pictures(run.IMAGES, inputs, None)) == set(run.IMAGES)
