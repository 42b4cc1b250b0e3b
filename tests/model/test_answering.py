"""What is made of given answers. Legend: N rows, C best answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import UserError
from model import answering, exams
from model.answering import Given
from model.benchmarks import Answered, Benchmark, Scores
from model.exams import Exam
from model.facts import Facts
from model.specs import Form
from tests.model.tiny import TinySet, benchmark_row, image_id, write_benchmark

ANSWERS = ("no", "perhaps", "yes")


def measure(answered: Sequence[Answered]) -> Scores:
    return {"all": {"score": 100.0 * sum(row.targets.get(row.answer, 0.0) for row in answered) / len(answered)}}


BENCHMARK = Benchmark(
    title="t",
    about="a",
    address="https://example.org",
    sources=(),
    content="questions",
    form=Form(name="answer"),
    measure=measure,
    main=("all", "score"),
    protocol="p",
)


def exam(folder: Path, facts: Facts, *rows: dict[str, Any], num_images: int = 1) -> Exam:
    write_benchmark(folder, list(rows), ANSWERS)
    benchmark = dataclasses.replace(BENCHMARK, num_images=num_images)
    return Exam(benchmark=benchmark, folder=folder, answers=ANSWERS, facts=facts, max_length=12, sees="pair")


def right(answer: str, score: float = 1.0) -> dict[str, Any]:
    return {"target_ids": [ANSWERS.index(answer)], "target_scores": [score], "published": [answer]}


def test_the_majority_is_the_answer_with_the_largest_sum_of_scores(tmp_path: Path, tiny_facts: Facts) -> None:
    # "yes" is right most often, 3 x 0.3; "no" is worth more, 1.0.
    rows = [benchmark_row(f"y{number}", (number,), **right("yes", 0.3)) for number in range(3)]
    train = exam(tmp_path, tiny_facts, *rows, benchmark_row("n", (4,), **right("no"))).questions("train")
    assert answering.majority(train, 3) == 0


def test_of_equal_majorities_the_first_possible_answer_counts(tmp_path: Path, tiny_facts: Facts) -> None:
    rows = [benchmark_row("a", (0,), **right("yes")), benchmark_row("b", (1,), **right("perhaps"))]
    assert answering.majority(exam(tmp_path, tiny_facts, *rows).questions("train"), 3) == 1


def test_scores_stand_beside_the_majority_and_the_withheld_images(tmp_path: Path, tiny_facts: Facts) -> None:
    here = exam(
        tmp_path,
        tiny_facts,
        benchmark_row("train", (0,), **right("no")),
        benchmark_row("v1", (20,), **right("yes"), kind="x"),
        benchmark_row("v2", (21,), **right("no", 0.5), kind="x"),
        benchmark_row("v3", (22,), published=["maybe", "maybe", "unsure"], kind="y"),
    )
    test = here.questions("test")
    own = Given(ids_NC=np.array([[2, 0], [0, 1], [1, 2]]), probabilities_NC=np.full((3, 2), 0.5, np.float32))
    other = Given(ids_NC=np.array([[2, 0], [2, 1], [1, 2]]), probabilities_NC=np.full((3, 2), 0.5, np.float32))
    found = answering.outcome(here, test, own, withheld=other, train=here.questions("train"))
    assert found.scores["all"]["score"] == pytest.approx(100 * 1.5 / 3)
    assert found.baselines["majority"]["all"]["score"] == pytest.approx(100 * 0.5 / 3)  # "no" to all
    assert found.baselines["image withheld"]["all"]["score"] == pytest.approx(100 / 3)
    assert found.by_kind["x"] == pytest.approx({"num_rows": 2, "model": 75.0, "majority": 25.0, "image withheld": 50.0})
    assert found.by_kind["y"] == {"num_rows": 1, "model": 0.0, "majority": 0.0, "image withheld": 0.0}
    first, second, third = found.predictions
    assert (first["row_id"], first["image_ids"], first["answers"]) == ("v1", ["coco:020"], ["yes", "no"])
    assert (first["credit"], second["credit"], third["credit"]) == (1.0, 0.5, 0.0)
    assert third["truth"] == ["maybe", "unsure"]  # no possible answer is right: what was published


def answered(kind: str, number: int) -> Answered:
    row_id = f"{kind}{number}"
    return Answered(row_id=row_id, kind=kind, set_id="", published=("yes",), targets={"yes": 1.0}, answer="yes")


def test_the_rarest_of_many_kinds_are_given_together_and_none_is_left_out() -> None:
    # Kind k has k rows, k = 1 to 45: the 39 most frequent are those of 7 to 45 rows; the rest have 1 + ... + 6 rows.
    rows = [answered(f"k{size:02}", number) for size in range(1, 46) for number in range(size)]
    found = answering.by_kind(BENCHMARK, {"model": rows})
    assert len(found) == 40
    assert found["other"] == {"num_rows": 21, "model": 100.0}
    assert "k06" not in found
    assert found["k07"]["num_rows"] == 7
    assert sum(entry["num_rows"] for entry in found.values()) == len(rows)


def test_forty_kinds_are_all_shown_and_rows_of_no_kind_are_others() -> None:
    forty = [answered(f"k{number:02}", 0) for number in range(40)]
    assert set(answering.by_kind(BENCHMARK, {"model": forty})) == {row.kind for row in forty}
    mixed = answering.by_kind(BENCHMARK, {"model": [answered("", 0), answered("other", 0), answered("k", 0)]})
    assert {kind: entry["num_rows"] for kind, entry in mixed.items()} == {"other": 2, "k": 1}


def test_rows_that_have_no_kind_at_all_are_not_given_by_kind() -> None:
    assert answering.by_kind(BENCHMARK, {"model": [answered("", 0), answered("", 1)]}) == {}


def test_a_withheld_image_is_another_one_and_always_the_same(tiny: TinySet, tiny_facts: Facts) -> None:
    here = exams.read("vqa", tiny.vqa, facts=tiny_facts, max_length=12, sees="pair")
    train = here.questions("train")
    other = answering.withhold(train, here)
    replaced = {}
    for own, shown in zip(train.images_NM.ravel().tolist(), other.images_NM.ravel().tolist(), strict=True):
        assert own != shown
        assert replaced.setdefault(own, shown) == shown
    assert sorted(replaced.values()) == sorted(replaced)  # a permutation: no image is shown more often than before
    assert other.row_ids == train.row_ids


def test_withheld_images_come_from_another_set_where_there_is_one(tiny: TinySet, tiny_facts: Facts) -> None:
    # Four consecutive images are a set. Test images are one set: there a pair may only be replaced by its own.
    here = exams.read("nlvr2", tiny.nlvr2, facts=tiny_facts, max_length=12, sees="pair")
    train, test = here.questions("train"), here.questions("test")
    shown_NM = answering.withhold(train, here).images_NM
    assert (shown_NM // 4 != train.images_NM // 4).all()
    assert (answering.withhold(test, here).images_NM != test.images_NM).all()


def test_the_images_of_a_row_without_a_set_do_not_stand_in_for_each_other(tmp_path: Path, tiny_facts: Facts) -> None:
    rows = [benchmark_row("a", (0, 1)), benchmark_row("b", (2, 3)), benchmark_row("c", (4, 5))]
    here = exam(tmp_path, tiny_facts, *rows, num_images=2)
    train = here.questions("train")
    assert (answering.withhold(train, here).images_NM // 2 != train.images_NM // 2).all()


def test_the_same_images_are_withheld_whatever_the_rows_order(tmp_path: Path, tiny_facts: Facts) -> None:
    def shown(*order: int) -> dict[int, int]:
        rows = [benchmark_row(f"{place}", (image,)) for place, image in enumerate(order)]
        here = exam(tmp_path, tiny_facts, *rows)
        train = here.questions("train")
        return dict(
            zip(train.images_NM[:, 0].tolist(), answering.withhold(train, here).images_NM[:, 0].tolist(), strict=True)
        )

    assert shown(0, 1, 2, 3, 4, 5) == shown(5, 3, 1, 0, 2, 4)


def test_a_single_image_has_no_other_to_stand_in_for_it(tmp_path: Path, tiny_facts: Facts) -> None:
    here = exam(tmp_path, tiny_facts, benchmark_row("a", (0,)), benchmark_row("b", (0,)))
    with pytest.raises(UserError, match="at least two images"):
        answering.withhold(here.questions("train"), here)


def test_what_the_server_takes_is_written_for_every_row(tmp_path: Path, tiny_facts: Facts) -> None:
    def submission(answered: Sequence[Answered], folder: Path) -> None:
        (folder / "lines.txt").write_text("".join(f"{row.row_id} {row.answer}\n" for row in answered), "utf-8")

    here = exam(tmp_path, tiny_facts, benchmark_row("a", (0,)), benchmark_row("b", (1,)))
    here = dataclasses.replace(here, benchmark=dataclasses.replace(BENCHMARK, submission=submission))
    given = Given(ids_NC=np.array([[2], [0]]), probabilities_NC=np.ones((2, 1), np.float32))
    answering.submit(here, here.questions("train"), given, into=tmp_path)
    assert (tmp_path / "submission/lines.txt").read_text("utf-8") == "a yes\nb no\n"
    assert here.image_ids(np.array([1])) == [image_id(1)]
