from pathlib import Path
from typing import Any

import pytest

from data import schema
from data.errors import ContractError
from data.writers import write_json
from report.verdicts import credits_of, verdicts
from tests.parts import only_part
from tests.report import run


def write_rows(folder: Path, target_ids: list[int], target_scores: list[float]) -> Path:
    """One row, vqa:1, whose possible answers are no, yes and maybe."""
    run.write_questions(folder)
    row = {
        "row_id": "vqa:1",
        "image_ids": ["coco:1"],
        "split": "test",
        "text": "is there a cone?",
        "token_ids": [2, 3],
        "published": ["yes"],
        "target_ids": target_ids,
        "target_scores": target_scores,
        "kind": "is there",
        "set_id": "",
        "place": 0,
    }
    run.write_rows(only_part(folder, "rows"), [row], schema.BENCHMARK_ROWS)
    write_json(folder / "answers.json", ["no", "yes", "maybe"])
    return folder


def prediction(**fields: Any) -> dict[str, Any]:
    return {"row_id": "vqa:1", "text": "is there a cone?", "truth": ["yes", "no", "maybe"], **fields}


def test_every_answer_that_earns_a_whole_point_is_right(tmp_path: Path) -> None:
    known = credits_of(["vqa:1", "vqa:2"], [tmp_path / "nowhere", write_rows(tmp_path / "rows", [0, 1], [1.0, 1.0])])
    assert known == {"vqa:1": {"no": 1.0, "yes": 1.0}}
    answered = prediction(answers=["no", "yes", "maybe"])
    assert verdicts(answered, known) == ["right", "right", "wrong"]


def test_an_answer_that_earns_less_is_right_in_part_even_where_it_is_the_best(tmp_path: Path) -> None:
    known = credits_of(["vqa:1"], [write_rows(tmp_path / "rows", [1], [0.5])])
    assert verdicts(prediction(answers=["yes", "no"]), known) == ["right in part", "wrong"]


def test_without_the_rows_the_best_answer_is_right_and_others_that_people_gave_in_part() -> None:
    answers = ["maybe", "yes", "perhaps"]
    assert verdicts(prediction(answers=answers), {}) == ["right in part", "right", "wrong"]


def test_all_captions_of_an_image_are_right() -> None:
    found = verdicts(prediction(text="", truth=["a cone", "a cat"], answers=["a cat", "a ring", "a cone"]), {})
    assert found == ["right", "wrong", "right"]


@pytest.mark.parametrize(("ids", "scores"), [([7], [1.0]), ([1], [])])
def test_targets_that_are_not_among_the_answers_are_one_clear_error(
    tmp_path: Path, ids: list[int], scores: list[float]
) -> None:
    with pytest.raises(ContractError, match="targets among the possible answers") as error:
        credits_of(["vqa:1"], [write_rows(tmp_path / "rows", ids, scores)])
    assert str(tmp_path / "rows" / "rows") in error.value.where


def test_possible_answers_that_are_not_json_are_one_clear_error(tmp_path: Path) -> None:
    folder = write_rows(tmp_path / "rows", [1], [1.0])
    (folder / "answers.json").write_text("[")
    with pytest.raises(ContractError, match="JSON"):
        credits_of(["vqa:1"], [folder])
