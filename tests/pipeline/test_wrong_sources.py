"""A source file that is missing, cut or malformed: one clear message, a code that is not 0, and nothing half-made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import commands

CAPTIONS = {
    "images": [{"id": 7, "file_name": "COCO_train2014_000000000007.jpg", "width": 4, "height": 3}],
    "annotations": [{"id": 1, "image_id": 7, "caption": "A dog."}],
}


def parts_left(root: Path) -> list[str]:
    """What lies in the store or is half-built."""
    return [str(path.relative_to(root)) for part in ("store", "partial") for path in (root / part).glob("*")]


def test_a_missing_file_is_said_before_any_work(tmp_path: Path) -> None:
    missing = tmp_path / "captions.json"
    done = commands.run("ImageTable", tmp_path / "w", "--sources-coco-captions", str(missing), cwd=tmp_path)
    assert done.returncode == 2
    assert str(missing) in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(CAPTIONS)[:-20],
        "[" * 500,
        '{"annotations": 3}',
        "\x00\x01",
        "",
    ],
    ids=["cut", "nested", "of the wrong shape", "not JSON", "empty"],
)
def test_a_broken_file_stops_its_task_with_one_message_and_leaves_nothing_half_made(
    content: str, tmp_path: Path
) -> None:
    captions = tmp_path / "captions.json"
    captions.write_text(content)
    done = commands.run("ImageTable", tmp_path / "w", "--sources-coco-captions", str(captions), cwd=tmp_path)
    assert done.returncode == 30
    assert str(captions) in done.stderr
    for label in ("expected", "found", "where", "way out", "log"):
        assert f"  {label}" in done.stderr
    assert "Traceback" not in done.stderr
    assert parts_left(tmp_path / "w") == []


def test_a_whole_file_gives_its_corpus(tmp_path: Path) -> None:
    captions = tmp_path / "captions.json"
    captions.write_text(json.dumps(CAPTIONS))
    done = commands.run("ImageTable", tmp_path / "w", "--sources-coco-captions", str(captions), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "w" / "current" / "ImageTable" / "result" / "images.parquet").is_file()


def test_that_nothing_tells_which_of_gqas_images_are_cocos_is_said_before_any_work(tmp_path: Path) -> None:
    captions, questions, image_data = (tmp_path / name for name in ("captions.json", "gqa.json", "image_data.json"))
    captions.write_text(json.dumps(CAPTIONS))
    questions.write_text(json.dumps({"1": {"imageId": "5", "question": "Is it red?", "answer": "yes"}}))
    image_data.write_text(
        json.dumps([{"image_id": 5, "width": 4, "height": 3, "coco_id": 7, "url": "https://a/5.jpg"}])
    )
    flags = ("--sources-coco-captions", str(captions), "--sources-gqa-questions", str(questions))
    done = commands.run("ImageTable", tmp_path / "w", *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.index("[sources] vg_image_data") < done.stderr.index("ImageTable")
    done = commands.run("ImageTable", tmp_path / "w", *flags, "--sources-vg-image-data", str(image_data), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "vg_image_data (" not in done.stderr


def test_a_command_that_stopped_ends_by_naming_what_stopped_it(tmp_path: Path) -> None:
    captions, lists = tmp_path / "captions.json", tmp_path / "test.txt"
    captions.write_text(json.dumps(CAPTIONS))
    lists.write_text("")
    sources = ("--sources-coco-captions", str(captions), "--sources-test-images", str(lists))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    done = commands.run("HardNegatives", tmp_path / "w", *sources, "--sources-coco-images", str(pictures), cwd=tmp_path)
    assert done.returncode == 30
    assert "HardNegatives is not finished; not done: ImageTable. The log: " in done.stderr.splitlines()[-1]
