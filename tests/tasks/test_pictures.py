"""PictureStore: what decides it, what is refused before any work, and the pictures of the world and of the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import luigi
import luigi.configuration
import pytest
from luigi.task_register import Register
from PIL import Image

import data
from data.errors import UserError
from tasks import pins
from tasks.artifact import ArtifactTask
from tasks.images import ImageTable
from tasks.pictures import PictureStore


@pytest.fixture
def folder(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's sources: three COCO images, and a folder with the pictures of two of them."""
    monkeypatch.setattr(pins, "_TRUSTED_AGE_NS", 0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1, 3):
        Image.new("RGB", (8, 6), (number, 0, 0)).save(folder / f"{number:012}.jpg")
    images = [{"id": n, "file_name": f"{n:012}.jpg", "width": 8, "height": 6} for n in (1, 2, 3)]
    (tmp_path / "captions.json").write_text(json.dumps({"images": images, "annotations": []}))
    settings = luigi.configuration.get_config()
    settings.set("sources", "coco_captions", str(tmp_path / "captions.json"))
    settings.set("sources", "coco_images", str(folder))
    return folder


def built(**parameters: Any) -> PictureStore:
    Register.clear_instance_cache()
    task = PictureStore(profile="smoke", **parameters)
    assert luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
    return task


def artifact_of(task: ArtifactTask) -> Path:
    artifact = task.artifact()
    assert artifact is not None
    return artifact.result


@pytest.mark.parametrize("keep", ["bytes", "files"])
def test_the_users_pictures_are_read_from_the_artifact(folder: Path, workspace: Path, keep: str) -> None:
    result = artifact_of(built(keep=keep))
    store = data.open("PictureStore", workspace).pictures({"coco_images": (folder,)})
    assert store.image_ids == ("coco:1", "coco:3")
    assert store.read(1) == (folder / f"{3:012}.jpg").read_bytes()
    counts = json.loads((result / "counts.json").read_text("utf-8"))
    assert counts["notes"]["images without a picture"] == 1


def test_a_moved_folder_changes_nothing_and_a_changed_picture_builds_anew(folder: Path) -> None:
    before = artifact_of(built(keep="files"))
    moved = folder.rename(folder.with_name("moved"))
    luigi.configuration.get_config().set("sources", "coco_images", str(moved))
    assert artifact_of(built(keep="files")) == before
    Image.new("RGB", (8, 6), (9, 9, 9)).save(moved / f"{1:012}.jpg")
    assert artifact_of(built(keep="files")) != before


def test_files_that_are_not_kept_and_are_to_be_made_smaller_are_refused_before_any_work(folder: Path) -> None:
    with pytest.raises(UserError, match=r"\[PictureStore\]"):
        PictureStore(profile="smoke", keep="files", max_side_px=80).inputs()


def test_sources_without_pictures_are_refused_before_any_work(folder: Path) -> None:
    luigi.configuration.get_config().set("sources", "coco_images", "")
    with pytest.raises(UserError, match="pictures for PictureStore"):
        PictureStore(profile="smoke").inputs()


def test_the_world_has_pictures_without_any_setting(workspace: Path) -> None:
    inputs = PictureStore(profile="smoke").inputs()
    assert set(inputs) == {"images", "world"}
    assert {"images", "nlvr2/images", "flickr30k/images"} <= set(inputs["world"].results)
    assert isinstance(inputs["images"].node, ImageTable)
