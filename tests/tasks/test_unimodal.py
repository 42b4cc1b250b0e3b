"""TextCorpus and ImageCorpus as tasks: what they read of the user's and of the world's, and what they leave alone."""

from __future__ import annotations

import io
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
from tasks.corpora import Vocabulary
from tasks.images import RegionFeatures
from tasks.momo_stages import MomoStage
from tasks.pictures import PictureStore
from tasks.stages import _CORPORA
from tasks.unimodal import ImageCorpus, TextCorpus

CAPTIONS = ["a red dog", "a big red dog", "dogs on a dog", "a dog on a red dog"]


def set_source(name: str, *paths: Path) -> None:
    luigi.configuration.get_config().set("sources", name, ", ".join(map(str, paths)))


@pytest.fixture
def own(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """COCO's captions of four images and their pictures, a folder of the user's own, and text in other words."""
    monkeypatch.setattr(pins, "_TRUSTED_AGE_NS", 0)
    for folder, names in {"coco": [f"{n:012}.jpg" for n in range(1, 5)], "mine": ["cats/1.jpg", "2.jpg"]}.items():
        for number, name in enumerate(names):
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            buffer = io.BytesIO()
            Image.new("RGB", (8, 6), (60 * number, 0, 200 * (folder == "coco"))).save(buffer, "JPEG")
            (tmp_path / folder / name).write_bytes(buffer.getvalue())
    images = [{"id": n, "file_name": f"{n:012}.jpg", "width": 8, "height": 6} for n in range(1, 5)]
    said = [{"id": n, "image_id": n, "caption": text} for n, text in enumerate(CAPTIONS, start=1)]
    (tmp_path / "captions.json").write_text(json.dumps({"images": images, "annotations": said}))
    (tmp_path / "lines.txt").write_text("".join(f"zebras quiz {word}\n" for word in ("xylophones", "wizards", "jazz")))
    for name, file in {"coco_captions": "captions.json", "coco_images": "coco", "image_folders": "mine"}.items():
        set_source(name, tmp_path / file)
    return tmp_path


def built(task_family: type[ArtifactTask], **parameters: Any) -> Path:
    """The result of a task in the smoke profile, by no more than this command."""
    Register.clear_instance_cache()
    task = task_family(profile="smoke", **parameters)
    assert luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
    artifact = task.artifact()
    assert artifact is not None
    return artifact.result


def counts(result: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((result / "counts.json").read_text("utf-8"))
    return found


def test_images_alone_are_the_users_own_beside_those_that_files_list(own: Path, workspace: Path) -> None:
    assert sum(counts(built(ImageCorpus))["rows"].values()) == 6
    rows = data.open("ImageCorpus", workspace).arrow().to_pylist()
    assert {row["source_ids"][0].partition("/")[0] for row in rows} == {"coco_images", "image_folders"}
    regions = built(RegionFeatures)  # of what files list alone, with nothing rejected
    assert sum(counts(regions)["rows"].values()) == 4
    of_regions = data.open("ImageCorpus-regions", workspace) if built(ImageCorpus, images_from="regions") else None
    assert of_regions is not None
    assert of_regions.arrow()["image_id"].to_pylist() == [f"coco:{number}" for number in range(1, 5)]
    assert counts(regions)["rejected"] == {}


def test_the_users_texts_count_for_the_vocabulary_and_another_split_of_them_makes_another(own: Path) -> None:
    alone = (built(Vocabulary) / "vocab.txt").read_text("utf-8").split("\n")
    assert "z" not in alone
    set_source("texts", own / "lines.txt")
    luigi.configuration.get_config().set("TextCorpus", "validation_rate", "0")
    luigi.configuration.get_config().set("TextCorpus", "test_rate", "0")
    both = (built(Vocabulary) / "vocab.txt").read_text("utf-8").split("\n")
    assert {"z", "zebras"} <= set(both)
    result = built(TextCorpus)
    assert counts(result)["rows"] == {"train": 3, "validation": 0, "test": 0}
    unknown = both.index("[UNK]")
    rows = data.open("TextCorpus", result.parents[3]).arrow().to_pylist()
    assert not any(unknown in row["token_ids"] for row in rows)


def test_captions_may_be_the_text_without_their_images(own: Path) -> None:
    result = built(TextCorpus, texts_from="captions", reading="packed")
    assert counts(result)["read"] == 4
    with pytest.raises(UserError, match=r"\[sources\] text_conllu .* or \[sources\] texts"):
        TextCorpus(profile="smoke").inputs()


def test_pictures_inside_files_cannot_stay_there_and_that_is_said_before_any_work(own: Path) -> None:
    set_source("image_tars", own / "shard.tar")
    with pytest.raises(UserError, match=r"image_tars.*keep = bytes"):
        PictureStore(profile="smoke", keep="files").inputs()
    assert "image_tars.0" in PictureStore(profile="smoke").inputs()


def test_the_worlds_text_changes_nothing_that_decides_its_vocabulary(workspace: Path) -> None:
    task = Vocabulary(profile="smoke")
    assert task.settings() == {"num_entries": 1000, "splits": None, "text_column": ""}
    assert "texts" not in task.source_names()
    assert set(TextCorpus(profile="smoke").inputs()) == {"vocabulary", "world"}
    assert TextCorpus(profile="smoke").inputs()["world"].results == ("texts.txt",)


def test_streams_know_both_by_name_and_how_long_their_rows_are(workspace: Path) -> None:
    assert _CORPORA["text"](profile="smoke").length() == 24
    assert _CORPORA["text"](profile="paper").length() == 128
    assert _CORPORA["image"](profile="smoke").length() == 3
    with pytest.raises(UserError, match="at least 3 word pieces"):
        TextCorpus(profile="smoke", max_length=2).length()


def test_a_stage_reads_images_from_where_its_network_finds_them() -> None:
    read = {
        profile: MomoStage(readings="momo+stages=image", profile=profile).corpora()
        for profile in ("miniature", "smoke")
    }
    assert [corpus.label for corpus in read["miniature"]] == ["ImageCorpus-regions"]
    assert [corpus.label for corpus in read["smoke"]] == ["ImageCorpus"]
