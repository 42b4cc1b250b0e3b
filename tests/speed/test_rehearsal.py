"""The rehearsal and the one command run at a small size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data.sources import coco_instances, vg_image_data
from speed import data, generating_lists, rehearsal
from speed.data import Given


def test_generated_lists_are_read_whole_by_the_publishers_readers(tmp_path: Path) -> None:
    instances, images = tmp_path / "instances.json", tmp_path / "image_data.json"
    generating_lists.instances(instances, num_images=30, num_instances=200)
    generating_lists.image_data(images, num_images=20, coco_ids=[7, 9])
    assert len(list(coco_instances.boxes(instances, pytest.fail))) == 200
    assert len(list(coco_instances.images(instances, pytest.fail))) == 30
    assert [image.same_as for image in vg_image_data.images(images, pytest.fail)][-3:] == [None, "coco:7", "coco:9"]


def test_a_share_of_the_full_size_is_a_share_of_everything() -> None:
    size = rehearsal.Size().share(0.1)
    assert (size.coco_images, size.vg_regions, size.images_with_features) == (12_328, 540_868, 2_000)


def test_what_cannot_be_measured_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(given: Given) -> list[rehearsal.Row]:
        raise FileNotFoundError("no treebank at /nowhere")

    monkeypatch.setattr(data, "MEASUREMENTS", {"tagging": absent, "captions": data.MEASUREMENTS["captions"]})
    given = Given(share=0.001, folder=tmp_path, treebank=Path("/nowhere"))
    (row,) = data.measure(given, ["tagging", "captions"])
    assert row.work.startswith("616 captions")
    assert "tagging is not measured: no treebank at /nowhere" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_rehearsal_builds_tasks_with_luigi_and_leaves_nothing(
    tmp_path: Path, shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    if short:
        monkeypatch.setattr(rehearsal, "TASKS", ("ImageTable", "RegionFeatures", "HardNegatives"))
    treebank = shared_data("ud_english_ewt/en_ewt-ud-test.conllu")
    rows = rehearsal.measure(tmp_path, treebank, share=0.01)
    assert [row.work for row in rows] == [task for task in rehearsal.TASKS if task != "PosTagger"]
    assert all(row.ours.peak_mib > 0 for row in rows)
    assert list(tmp_path.iterdir()) == []
