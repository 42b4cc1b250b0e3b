"""The published files: same bytes always, the publishers' layouts, and nothing of held-out images in training files."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.errors import UserError
from data.progress import silent
from data.rejects import RejectLog
from data.sources import all_sources
from data.world.plan import PlannedImage, WorldSize, plan_images
from data.world.publish import FILES, publish

CHECKOUT = Path(__file__).parents[3]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="session")
def images(size: WorldSize) -> list[PlannedImage]:
    return plan_images(size)


def test_the_bytes_depend_neither_on_workers_nor_on_the_hash_seed(world: Path, size: WorldSize, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\nfrom data.progress import silent\n"
        "from data.world.plan import WorldSize\nfrom data.world.publish import publish\n"
        f"if __name__ == '__main__': publish({size!r}, seed=3, into=Path({str(tmp_path / 'again')!r}), "
        "num_workers=1, progress=silent)\n"
    )
    script = tmp_path / "again.py"
    script.write_text(program)
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, str(script)], check=True, env=environment)
    assert digests(tmp_path / "again") == digests(world)


def test_every_file_is_there_and_no_other(world: Path, images: list[PlannedImage], size: WorldSize) -> None:
    named = {name for names in FILES.values() for name in names if not (world / name).is_dir()}
    pictures = {f"images/{image.folder}/{image.name}.jpg" for image in images}
    flickr = {f"flickr30k/images/{1_000_092_795 + 7919 * i}.jpg" for i in range(5 + 2 + 3)}
    sets = {"train": (0, 1), "dev": (2,), "test1": (3,)}
    pairs = [(f"{split}-{number}-{pair}") for split, numbers in sets.items() for number in numbers for pair in range(4)]
    nlvr2 = {f"nlvr2/images/{pair}-img{side}.png" for pair in pairs for side in (0, 1)}
    assert set(digests(world)) == named | pictures | flickr | nlvr2


def test_every_reader_takes_its_files_and_rejects_nothing(world: Path, images: list[PlannedImage]) -> None:
    rejects = RejectLog()
    counts: dict[tuple[str, str], int] = {}
    for name, files in FILES.items():
        for content, reader in all_sources()[name].reads.items():
            counts[name, content] = sum(len(list(reader(world / file, rejects.add))) for file in files)
    assert rejects.kept == []
    coco_images = sum(image.coco_id is not None for image in images)
    assert counts["coco_captions", "captions"] == 2 * (6 + 3 + 4)
    assert counts["coco_captions", "images"] == coco_images
    assert counts["vg_image_data", "images"] == 12 + 3 + 4
    assert counts["obj36", "regions"] == len(images) + 10 + 32 == 47 + 10 + 32
    assert counts["vqa_questions", "questions"] == 5 * coco_images
    assert counts["gqa_questions", "questions"] == 5 * (12 + 3)
    assert counts["gqa_test_questions", "questions"] == 5 * 4
    assert counts["nlvr2", "questions"] == 4 * 4 * 6
    assert counts["flickr30k", "captions"] == 3 * (5 + 2) + 2 * 3
    assert counts["texts", "texts"] == 2 * 7
    assert counts["mnli", "sentences"] == 3 * (6 + 3)
    assert 0 < counts["image_class_list", "classes"] <= len(images)
    assert counts["object_vocabulary", "labels"] == 28
    assert counts["attribute_vocabulary", "labels"] == 12
    assert (counts["validation_images", "image_ids"], counts["test_images", "image_ids"]) == (3, 4)


def test_no_training_file_names_a_held_out_image(world: Path, images: list[PlannedImage]) -> None:
    held_out = [image for image in images if image.split != "train"]
    training = ("annotations/captions_train2014.json", "annotations/instances_train2014.json")
    for name in training:
        ids = {row["image_id"] for row in load(world / name)["annotations"]} | {
            i["id"] for i in load(world / name)["images"]
        }
        assert not ids & {image.coco_id for image in held_out}
    rows = [line.split(b"\t")[0].decode() for name in ("train2014", "vg") for line in rows_of(world, name)]
    assert not set(rows) & {image.name for image in held_out}
    asked = {row["image_id"] for row in load(world / FILES["vqa_questions"][0])["questions"]}
    assert not asked & {image.coco_id for image in held_out}
    for name in ("gqa/train_balanced_questions.json", "gqa/train_sceneGraphs.json"):
        assert not {row.get("imageId", key) for key, row in load(world / name).items()} & {
            str(image.vg_id) for image in held_out
        }
    listed = (world / "karpathy_val_images.txt").read_text() + (world / "karpathy_test_images.txt").read_text()
    assert {int(line.split()[1]) for line in listed.splitlines()} == {image.coco_id for image in held_out}


def rows_of(world: Path, name: str) -> list[bytes]:
    return (world / f"obj36/{name}_obj36.tsv").read_bytes().splitlines()


def test_detections_decode_to_the_right_shapes(world: Path) -> None:
    rows = [
        row.split(b"\t")
        for name in ("train2014", "val2014", "vg", "flickr30k", "nlvr2")
        for row in rows_of(world, name)
    ]
    assert {len(row) for row in rows} == {10}
    for row in rows:
        assert [int(row[i]) for i in (1, 2, 7)] == [112, 112, 36]
        objects, attributes = (np.frombuffer(base64.b64decode(row[i]), "<i8") for i in (3, 5))
        confidences = [np.frombuffer(base64.b64decode(row[i]), "<f4") for i in (4, 6)]
        boxes_R4 = np.frombuffer(base64.b64decode(row[8]), "<f4").reshape(36, 4)
        features_RF = np.frombuffer(base64.b64decode(row[9]), "<f4").reshape(36, 2048)
        assert 0 <= objects.min() <= objects.max() < 28
        assert 0 <= attributes.min() <= attributes.max() < 12
        assert all(0 < c.min() <= c.max() < 1 for c in confidences)
        assert (boxes_R4[:, :2] < boxes_R4[:, 2:]).all()
        assert boxes_R4.min() >= 0
        assert boxes_R4.max() <= 112
        assert np.isfinite(features_RF.astype(np.float16)).all()


def test_coco_lists_all_images_of_a_split_and_boxes_as_widths(world: Path, images: list[PlannedImage]) -> None:
    captions = load(world / "annotations/captions_train2014.json")
    assert set(captions) == {"info", "licenses", "images", "annotations"}
    assert len(captions["images"]) == sum(i.split == "train" and i.coco_id is not None for i in images)
    instances = load(world / "annotations/instances_val2014.json")
    assert [category["id"] for category in instances["categories"]] == list(range(1, 21))
    for row in instances["annotations"]:
        x, y, width, height = row["bbox"]
        assert min(x, y) >= 0
        assert x + width <= 112
        assert y + height <= 112
        assert row["area"] == width * height
        assert row["iscrowd"] == 0


def test_visual_genome_has_phrases_of_its_images_and_some_that_coco_lacks(world: Path) -> None:
    data, regions, objects, attributes = (
        load(world / f"{name}.json") for name in ("image_data", "region_descriptions", "objects", "attributes")
    )
    ids = [image["image_id"] for image in data]
    assert ids == [image["id"] for image in regions] == [image["image_id"] for image in objects]
    assert sum(image["coco_id"] in (None, -1) for image in data) == 1  # 3 % of 40
    assert all(8 <= len(image["regions"]) <= 12 for image in regions)
    first = attributes[0]["attributes"][0]
    assert set(first) == {"object_id", "x", "y", "w", "h", "names", "attributes", "synsets"}
    assert set(objects[0]["objects"][0]) == {"object_id", "x", "y", "w", "h", "names", "synsets"}


def test_pictures_are_readable_and_small(world: Path, images: list[PlannedImage]) -> None:
    for image in images:
        with Image.open(world / "images" / image.folder / f"{image.name}.jpg") as picture:
            assert (picture.size, picture.mode, picture.format) == ((112, 112), "RGB", "JPEG")


@pytest.mark.parametrize(("name", "num_sentences"), [("treebank", 1500), ("treebank_test", 300)])
def test_the_treebank_is_valid_conllu(world: Path, name: str, num_sentences: int) -> None:
    text = (world / f"{name}.conllu").read_text("utf-8")
    assert text.endswith("\n\n")
    blocks = text.strip().split("\n\n")
    assert len(blocks) == num_sentences
    for block in blocks:
        comments = [line for line in block.split("\n") if line.startswith("#")]
        rows = [line.split("\t") for line in block.split("\n") if not line.startswith("#")]
        assert {len(row) for row in rows} == {10}
        assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
        assert is_tree([int(row[6]) for row in rows])
        spoken = "".join(row[1] + ("" if row[9] == "SpaceAfter=No" else " ") for row in rows).strip()
        assert comments[1] == f"# text = {spoken}"


def is_tree(heads: list[int]) -> bool:
    """One root, and every word reaches it."""
    if heads.count(0) != 1:
        return False
    for start in range(1, len(heads) + 1):
        word, steps = start, 0
        while word != 0 and steps <= len(heads):
            word, steps = heads[word - 1], steps + 1
        if word != 0:
            return False
    return True


def test_plain_text_tells_of_scenes_that_nothing_else_shows_two_sentences_each(world: Path, size: WorldSize) -> None:
    text = (world / "texts.txt").read_text("utf-8")
    scenes = [block.splitlines() for block in text.strip().split("\n\n")]
    assert [len(sentences) for sentences in scenes] == [2] * size.num_text_scenes
    said = {sentence for sentences in scenes for sentence in sentences}
    captions = load(world / "annotations/captions_train2014.json")["annotations"]
    assert not said <= {caption["caption"].strip() for caption in captions}


def test_more_scenes_of_text_change_no_other_file(world: Path, size: WorldSize, tmp_path: Path) -> None:
    publish(replace(size, num_text_scenes=9), seed=3, into=tmp_path, num_workers=2, progress=silent)
    before, after = digests(world), digests(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"texts.txt"}
    assert (tmp_path / "texts.txt").read_text("utf-8").startswith((world / "texts.txt").read_text("utf-8"))


def test_vocabularies_and_lists_keep_the_publishers_oddities(world: Path) -> None:
    labels = (world / "objects_vocab.txt").read_text()
    assert not labels.endswith("\n")
    assert "boat,ship" in labels.split("\n")
    lines = (world / "karpathy_val_images.txt").read_bytes().split(b"\r\n")
    assert all(re.fullmatch(rb"val2014/COCO_val2014_\d{12}\.jpg \d+", line) for line in lines[:-1])
    assert lines[-1] == b""


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_caption_images": 13},
        {"num_caption_images": 12},
        {"num_flickr_test_images": 0},
        {"num_nlvr2_sentences": 13},
    ],
)
def test_a_size_that_cannot_be_is_refused(size: WorldSize, wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match=f"captions < phrases.*{next(iter(wrong))}={next(iter(wrong.values()))}"):
        replace(size, **wrong)
