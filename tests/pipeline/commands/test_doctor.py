"""`multigrain doctor` looks at everything, also where the configuration is broken, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import luigi
import pytest
from click.testing import Result

from tasks.upkeep import machine


@pytest.fixture(autouse=True)
def _no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_GPUS", "print('[]')")  # torch takes seconds to import


def states(given: Result) -> dict[str, str]:
    return {finding["subject"]: finding["state"] for finding in json.loads(given.output)}


def test_all_is_well_and_nothing_is_written(workspace: Path, give: Callable[..., Result]) -> None:
    given = give("doctor", "--json")
    assert given.exit_code == 0, given.output
    assert set(states(given).values()) == {"ok"}
    assert {"configuration", "sources", "tasks", "versions", "GPU", "room", "locks"} <= set(states(given))
    assert not workspace.exists()
    assert list(workspace.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("section", "option", "value"),
    [("PhraseCorpsu", "max_length", "9"), ("workspace", "roto", "x"), ("sources", "obj36", "${NOT_SET_AT_ALL}/x.tsv")],
)
def test_a_broken_configuration_is_one_line_and_the_rest_is_looked_at(
    section: str, option: str, value: str, workspace: Path, give: Callable[..., Result]
) -> None:
    luigi.configuration.get_config().set(section, option, value)
    given = give("doctor", "--json")
    assert given.exit_code == 1
    assert states(given)["configuration"] == "wrong"
    assert states(given)["locks"] == "ok"


def test_a_wrong_source_is_named_with_the_way_out(workspace: Path, tmp_path: Path, give: Callable[..., Result]) -> None:
    given = give("doctor", "--sources-coco-captions", str(tmp_path / "nowhere.json"))
    assert given.exit_code == 1
    assert str(tmp_path / "nowhere.json") in given.output
    assert "[sources] coco_captions: mend the path" in given.output
    assert "1 wrong" in given.output


def test_files_that_are_all_right_are_said_to_be_and_exchanged_ones_are_told_by_their_formats(
    workspace: Path, tmp_path: Path, give: Callable[..., Result]
) -> None:
    captions, words = tmp_path / "captions.json", tmp_path / "vocab.txt"
    image = {"id": 9, "file_name": "COCO_train2014_000000000009.jpg", "width": 640, "height": 480}
    caption = {"id": 1, "image_id": 9, "caption": "A cat."}
    captions.write_text(json.dumps({"images": [image], "annotations": [caption]}))
    words.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "."]) + "\n")
    flags = ("--sources-coco-captions", "--sources-bert-vocabulary")
    good = states(give("doctor", "--json", flags[0], str(captions), flags[1], str(words)))
    assert {good[f"[sources] {name}"] for name in ("coco_captions", "bert_vocabulary")} == {"ok"}
    given = give("doctor", flags[0], str(words), flags[1], str(captions))
    assert given.exit_code == 1
    assert (
        "it looks like BERT's word pieces ([sources] bert_vocabulary), and [sources] coco_captions wants"
        in given.output
    )
    assert "it looks like COCO captions ([sources] coco_captions), and [sources] bert_vocabulary wants" in given.output
    assert "2 wrong" in given.output
    assert not workspace.exists()


def test_nothing_wrong_is_said_so(workspace: Path, give: Callable[..., Result]) -> None:
    given = give("doctor")
    assert given.exit_code == 0
    assert given.output.splitlines()[-1] == "Nothing is wrong."


def test_a_task_that_is_to_run_on_a_gpu_misses_one(workspace: Path, give: Callable[..., Result]) -> None:
    given = give("doctor", "--json", "--TokenStage-device", "cuda")
    assert given.exit_code == 1
    assert {subject for subject, state in states(given).items() if state == "wrong"} == {"GPU"}
