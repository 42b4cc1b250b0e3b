"""A light look at each source says at once what a run would meet hours later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.detecting import looks_like
from data.sources import all_sources
from data.world.publish import FILES, publish
from tasks.profiles import load_profile
from tasks.upkeep import source_files
from tasks.upkeep.findings import Finding


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    publish(load_profile("smoke").world, seed=1, into=folder, num_workers=1, progress=lambda share, message: None)
    return folder


def look(name: str, path: Path) -> Finding:
    (finding,) = source_files.findings({name: (path,)})
    return finding


def test_every_file_that_the_world_publishes_begins_as_it_should(world: Path) -> None:
    configured = {name: tuple(world / path for path in paths) for name, paths in FILES.items()}
    findings = list(source_files.findings(configured))
    assert [finding for finding in findings if finding.state != "ok"] == []
    assert len(findings) == sum(map(len, configured.values()))


@pytest.mark.parametrize("name", sorted(all_sources()))
def test_every_source_refuses_what_is_not_there_or_of_the_wrong_kind(name: str, tmp_path: Path) -> None:
    assert look(name, tmp_path / "nowhere").state == "wrong"
    path = tmp_path / "other"
    path.touch() if all_sources()[name].is_folder else path.mkdir()
    assert look(name, path).state == "wrong"


def test_every_file_given_as_another_source_is_wrong_and_told_by_its_format(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "_of_file", lambda source, path: pytest.fail(f"{path} was read as {source.name}"))
    marked = {name for name, source in all_sources().items() if source.marks}  # plain text may look like anything
    given = {name: world / paths[0] for name, paths in FILES.items() if name in marked}
    for name, path in given.items():
        formats = looks_like(path)
        assert name in formats
        for other in given.keys() - set(formats):
            finding = look(other, path)
            assert finding.state == "wrong"
            if path.is_dir() == bool(all_sources()[other].is_folder):
                assert f"it looks like {all_sources()[formats[0]].title} ([sources] {formats[0]})" in finding.said
                assert f"[sources] {other} wants {all_sources()[other].title}" in finding.said


def test_training_images_are_not_taken_for_test_images_though_the_reader_would(tmp_path: Path) -> None:
    path = tmp_path / "instances_train2014.json"
    image = {"id": 9, "file_name": "COCO_train2014_000000000009.jpg", "width": 640, "height": 480}
    box = {"id": 1, "image_id": 9, "category_id": 3, "bbox": [10, 20, 30, 40]}
    path.write_text(json.dumps({"images": [image], "annotations": [box], "categories": [{"id": 3, "name": "cat"}]}))
    assert len(list(all_sources()["coco_image_info"].reads["images"](path, pytest.fail))) == 1
    finding = look("coco_image_info", path)
    assert finding.state == "wrong"
    assert finding.said == (
        f"{path}: it looks like COCO instances ([sources] coco_instances), "
        "and [sources] coco_image_info wants COCO test images"
    )
    assert finding.way_out.startswith("set [sources] coco_image_info to the right one: https://cocodataset.org")


def test_pictures_of_a_users_own_may_look_like_anything(tmp_path: Path) -> None:
    (tmp_path / "000000000009.jpg").touch()
    assert look("collection_images", tmp_path).state == "ok"


def test_pictures_of_two_collections_may_lie_side_by_side(tmp_path: Path) -> None:
    for folder, form in (("VG_100K", "{}.jpg"), ("val2014", "COCO_val2014_{:012}.jpg")):
        (tmp_path / folder).mkdir()
        for number in range(1, 302):
            (tmp_path / folder / form.format(number)).touch()
    assert look("coco_images", tmp_path).state == look("vg_images", tmp_path).state == "ok"


JSON = {name for name in all_sources() if name.startswith(("coco", "vg", "vqa", "gqa", "flickr30k"))}


@pytest.mark.parametrize("name", sorted(name for name in JSON if not all_sources()[name].is_folder))
def test_a_file_of_another_format_is_wrong(name: str, tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_text("<html>the download page</html>")
    finding = look(name, path)
    assert (finding.subject, finding.state) == (f"[sources] {name}", "wrong")
    assert finding.way_out


def test_a_file_whose_records_are_all_rejected_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "captions.json"
    path.write_text(json.dumps({"images": [{"id": "seven"}] * 101, "annotations": []}))
    finding = look("coco_captions", path)
    assert finding.state == "wrong"
    assert "none of the first 100 images is good" in finding.said


def test_a_folder_without_pictures_is_wrong_and_one_with_a_picture_below_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "notes.txt").touch()
    assert look("coco_images", tmp_path).state == "wrong"
    (tmp_path / "train" / "7.JPG").touch()
    assert look("coco_images", tmp_path).said == f"{tmp_path}: train/7.JPG and so on"


@pytest.mark.parametrize(
    ("name", "text"),
    [("treebank", "not a treebank\n"), ("treebank", ""), ("bert_vocabulary", "[PAD]\nword\n")],
)
def test_files_that_other_parts_open_are_looked_at_too(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(text)
    assert look(name, tmp_path / "file").state == "wrong"


def test_without_sources_the_world_is_named() -> None:
    (finding,) = source_files.findings({})
    assert finding.state == "ok"
    assert "generated world" in finding.said
