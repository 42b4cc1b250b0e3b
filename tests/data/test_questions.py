from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import tables
from data.answers import exact_target, soft_targets
from data.contracts import questions as questions_contract
from data.digests import files_below
from data.errors import ContractError, SourceError, UserError
from data.progress import silent
from data.questions import QuestionSettings, build
from data.schema import BENCHMARK_ROWS
from data.sources import SourceFiles
from data.writers import write_parquet
from tests.model.metrics import published_vqa
from tests.parts import only_part

WORDS = ["what", "colour", "is", "it", "a", "dog", "?", "big", "red"]
SPLITS = {"coco:1": "train", "coco:2": "validation", "coco:3": "test", "coco:4": "train"}


class World:
    """Three images with regions, one in each split, a fourth without, and files of questions about them."""

    def __init__(self, small: Any, tmp_path: Path, splits: Mapping[str, str] = SPLITS) -> None:
        self.root = tmp_path
        self.small = small
        self.paths = {
            "images": small.images(splits),
            "regions": small.regions([small.region_row(image_id) for image_id in splits if image_id != "coco:4"]),
            "vocabulary": small.vocabulary(WORDS),
        }

    def write(self, name: str, content: Any) -> tuple[Path]:
        path = self.root / f"{name}.json"
        path.write_text(json.dumps(content), "utf-8")
        return (path,)

    def vqa(
        self, questions: Sequence[tuple[int, int, str]], answers: Mapping[int, Sequence[str]]
    ) -> dict[str, tuple[Path, ...]]:
        """`questions` are (id, image id, text)."""
        asked = [{"question_id": number, "image_id": image, "question": text} for number, image, text in questions]
        given = [
            {
                "question_id": number,
                "question_type": "what is",
                "answers": [{"answer": text, "answer_id": n} for n, text in enumerate(texts, start=1)],
            }
            for number, texts in answers.items()
        ]
        return {
            "vqa_questions": self.write("questions", {"questions": asked}),
            "vqa_annotations": self.write("annotations", {"annotations": given}),
        }

    def build(self, files: SourceFiles, name: str = "rows", **changes: Any) -> Path:
        into = self.root / name
        into.mkdir()
        settings = QuestionSettings(
            max_length=changes.pop("max_length", 6),
            max_rejected_rate=changes.pop("max_rejected_rate", 1.0),
            min_count=changes.pop("min_count", 1),
            rows_per_shard=changes.pop("rows_per_shard", 100),
        )
        place = self.small.place(changes.pop("num_workers", 1))
        arguments: Any = {"content": "questions", "targets": soft_targets, "list_source": "vqa_answers"} | changes
        build(files, **self.paths, settings=settings, into=into, progress=silent, workplace=place, **arguments)
        questions_contract.check(into, **self.paths, max_length=settings.max_length)
        return into


@pytest.fixture
def world(small: Any, tmp_path: Path) -> World:
    return World(small, tmp_path)


def people(**counts: int) -> list[str]:
    """So many people for each answer; the rest of ten say something that nobody else says."""
    said = [answer for answer, count in counts.items() for _ in range(count)]
    return said + [f"other {number}" for number in range(10 - len(said))]


QUESTIONS = [(20, 1, "What  colour\nis it?"), (3, 2, "is it a dog ?"), (7, 3, "What is it"), (8, 1, "it")]
LABELS = ("True", "False")
ANSWERS = {20: people(red=5, blue=3), 3: people(yes=10), 7: people(dog=2, red=1), 8: people(yes=4, blue=2)}


def rows_of(into: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tables.read(into / "rows").to_pylist()
    return rows


def counts_of(into: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((into / "counts.json").read_text("utf-8"))
    return counts


def test_questions_and_their_answers_become_rows_by_split_then_id(world: World) -> None:
    into = world.build(world.vqa(QUESTIONS, ANSWERS), min_count=1)
    rows = rows_of(into)
    assert [row["row_id"] for row in rows] == ["vqa:20", "vqa:8", "vqa:3", "vqa:7"]  # ids as texts
    # Best in one training row each: red and yes; neither blue nor "other 0", which nobody thinks best.
    assert json.loads((into / "answers.json").read_text("utf-8")) == ["red", "yes"]
    assert rows[0] == {
        "row_id": "vqa:20",
        "image_ids": ["coco:1"],
        "split": "train",
        "text": "What colour is it?",
        "token_ids": [2, 5, 6, 7, 8, 3],  # "?" is cut
        "published": ANSWERS[20],
        "target_ids": [0],
        "target_scores": [1.0],
        "kind": "what is",
        "set_id": "",
        "place": 0,
    }
    assert {row["place"] for row in rows} == {0}  # the order of questions decides nothing
    assert [row["target_ids"] for row in rows] == [[0], [1], [1], [0]]
    assert rows[3]["target_scores"] == [pytest.approx(0.3)]


def test_counts_say_what_was_read_and_what_can_be_answered(world: World) -> None:
    answers = {**ANSWERS, 7: people(dog=2), 99: people(red=10)}
    counts = counts_of(world.build(world.vqa([*QUESTIONS, (9, 3, "it"), (5, 4, "it")], answers)))
    assert counts["rows"] == {"train": 2, "validation": 1, "test": 1, "submit": 1}
    assert counts["images"] == {"train": 1, "validation": 1, "test": 1, "submit": 1}
    assert counts["read"] == 6 + 5
    assert counts["rejected"] == {"image has no regions": 1}
    assert counts["notes"] == {
        "possible answers": 2,
        "share of train rows with a right answer among the possible ones": 1.0,
        "share of validation rows with a right answer among the possible ones": 1.0,
        "share of test rows with a right answer among the possible ones": 0.0,
        "mean word pieces": 4.6,  # 6, 3, 6, 5 and 3
        "truncated rows": 2,
        "answers without a question": 1,
    }


def test_a_question_without_answers_is_for_the_server(world: World) -> None:
    rows = rows_of(world.build(world.vqa([*QUESTIONS, (1, 1, "it"), (2, 3, "it")], ANSWERS)))
    assert [(row["row_id"], row["split"]) for row in rows[4:]] == [("vqa:1", "submit"), ("vqa:2", "submit")]
    assert [row["published"] for row in rows[4:]] == [[], []]


def test_what_cannot_be_a_row_is_rejected_by_reason(world: World) -> None:
    wrong = [(31, 99, "it"), (32, 4, "it"), (33, 1, "\u200b\x07"), (20, 1, "again")]
    files = world.vqa([*QUESTIONS, *wrong], {**ANSWERS, 31: people(red=4)})
    (annotations,) = files["vqa_annotations"]
    content = json.loads(annotations.read_text("utf-8"))
    content["annotations"] += [{**content["annotations"][0], "question_type": "twice"}]
    annotations.write_text(json.dumps(content), "utf-8")
    into = world.build(files)
    counts = counts_of(into)
    assert counts["rejected"] == {
        "image not in the image table": 1,
        "image has no regions": 1,
        "empty text": 1,
        "repeated id": 1,
        "answered before": 1,
    }
    assert counts["notes"]["answers without a question"] == 0  # 31 is known, though rejected
    assert {row["kind"] for row in rows_of(into)} == {"what is"}
    rejected = pq.read_table(into / "rejected.parquet").to_pylist()
    assert {"source": "answers", "record": "vqa:20", "field": "id", "reason": "answered before"} in rejected


def test_too_many_rejected_records_are_an_error_that_names_the_first(world: World) -> None:
    files = world.vqa([*QUESTIONS, (31, 99, "it")], ANSWERS)
    with pytest.raises(SourceError, match=r"vqa:31 \(image_id: image not in the image table\)"):
        world.build(files, max_rejected_rate=0.1)


@pytest.mark.parametrize(
    ("image", "match"),
    [
        (1, "no train rows.*training file"),
        (2, "no validation rows.*validation_images.*validation_rate"),
        (3, "no test rows.*test_images.*test_rate"),
    ],
)
def test_an_empty_split_is_an_error_that_says_what_gives_it(world: World, image: int, match: str) -> None:
    questions = [question for question in QUESTIONS if question[1] != image]
    with pytest.raises(UserError, match=match):
        world.build(world.vqa(questions, ANSWERS))


def test_the_users_list_gives_the_possible_answers_and_their_ids(world: World) -> None:
    files = {**world.vqa(QUESTIONS, ANSWERS), "vqa_answers": world.write("list", ["blue", "dog", "red", "", "sofa"])}
    into = world.build(files)
    assert json.loads((into / "answers.json").read_text("utf-8")) == ["blue", "dog", "red", "", "sofa"]
    rows = {row["row_id"]: row for row in rows_of(into)}
    assert (rows["vqa:20"]["target_ids"], rows["vqa:20"]["target_scores"]) == ([0, 2], pytest.approx([0.9, 1.0]))
    assert (rows["vqa:3"]["target_ids"], rows["vqa:3"]["target_scores"]) == ([], [])  # only "yes" is right


def test_a_list_that_answers_no_training_row_is_refused(world: World) -> None:
    files = {**world.vqa(QUESTIONS, ANSWERS), "vqa_answers": world.write("list", ["sofa", "couch"])}
    with pytest.raises(UserError, match=r"2 possible answers for 2 training rows.*\[sources\] vqa_answers"):
        world.build(files)


def test_too_few_training_rows_for_any_answer_are_refused(world: World) -> None:
    with pytest.raises(UserError, match=r"0 possible answers for 2 training rows.*at least 9 training rows"):
        world.build(world.vqa(QUESTIONS, ANSWERS), min_count=9)


def test_captions_ask_for_their_image_and_have_no_answer(world: World, small: Any) -> None:
    files = {"coco_captions": (small.captions([(5, 1, "a dog"), (6, 2, "a dog"), (7, 3, "red"), (8, 3, "big")]),)}
    into = world.build(files, content="captions", targets=None, list_source=None)
    assert {row["row_id"]: row["place"] for row in rows_of(into)} == {
        "coco:5": 0,
        "coco:6": 1,
        "coco:7": 2,
        "coco:8": 3,
    }
    assert [(row["row_id"], row["split"]) for row in rows_of(into)] == [
        *(("coco:5", "train"), ("coco:6", "validation"), ("coco:7", "test"), ("coco:8", "test"))
    ]
    assert json.loads((into / "answers.json").read_text("utf-8")) == []
    assert counts_of(into)["rows"] == {"train": 1, "validation": 1, "test": 2, "submit": 0}
    assert "possible answers" not in counts_of(into)["notes"]


def nlvr2_line(identifier: str, label: str, synset: str = "dog") -> str:
    return json.dumps({"identifier": identifier, "sentence": "it is red", "label": label, "synset": synset}) + "\n"


def test_the_images_of_one_row_are_of_one_split_and_in_order(small: Any, tmp_path: Path) -> None:
    splits = {"train-1": "train", "dev-1": "validation", "test1-1": "test"}
    table = {f"nlvr2:{name}-0-img{side}": split for name, split in splits.items() for side in (0, 1)}
    table |= {"nlvr2:train-2-0-img0": "train", "nlvr2:train-2-0-img1": "test"}
    world = World(small, tmp_path, splits=table)
    path = tmp_path / "nlvr2.json"
    labels = {"train-1-0-0": "True", "train-1-0-1": "False", "train-2-0-0": "True"}
    labels |= {"dev-1-0-0": "True", "test1-1-0-0": "True"}
    path.write_text("".join(nlvr2_line(name, label) for name, label in labels.items()), "utf-8")
    into = world.build({"nlvr2": (path,)}, targets=exact_target, list_source=None)
    rows = rows_of(into)
    assert [row["row_id"] for row in rows] == [f"nlvr2:{name}" for name in labels if name != "train-2-0-0"]
    assert rows[0]["image_ids"] == ["nlvr2:train-1-0-img0", "nlvr2:train-1-0-img1"]
    assert counts_of(into)["rejected"] == {"images of different splits": 1}


def test_a_type_of_question_that_utf8_cannot_hold_is_a_rejection(small: Any, tmp_path: Path) -> None:
    splits = {"train-1": "train", "dev-1": "validation", "test1-1": "test"}
    world = World(small, tmp_path, {f"nlvr2:{n}-0-img{side}": s for n, s in splits.items() for side in (0, 1)})
    lines = [nlvr2_line(f"{name}-0-{sentence}", label) for name in splits for sentence, label in enumerate(LABELS)]
    path = tmp_path / "nlvr2.json"
    path.write_text("".join([*lines, nlvr2_line("train-1-0-7", "True", synset="\ud800")]), "utf-8")
    into = world.build({"nlvr2": (path,)}, targets=exact_target, list_source=None)
    assert len(rows_of(into)) == 6
    assert sum(counts_of(into)["rejected"].values()) == 1


def test_the_order_of_the_files_does_not_change_the_bytes(world: World) -> None:
    first = world.build(world.vqa(QUESTIONS, ANSWERS), "first")
    again = world.build(world.vqa(QUESTIONS[::-1], dict(reversed(ANSWERS.items()))), "again")
    for name, file in files_below(first):
        assert file.read_bytes() == (again / name).read_bytes()


def test_shards_are_parts_of_one_table_and_workers_do_not_change_a_byte(world: World) -> None:
    files = world.vqa(QUESTIONS, ANSWERS)
    whole, cut, shared = (
        world.build(files, "whole"),
        world.build(files, "cut", rows_per_shard=3),
        world.build(files, "shared", rows_per_shard=3, num_workers=2),
    )
    assert [file.name for file in tables.parts(cut / "rows")] == ["part-00000.parquet", "part-00001.parquet"]
    assert rows_of(cut) == rows_of(whole)
    assert counts_of(cut) == counts_of(whole)
    assert {name: file.read_bytes() for name, file in files_below(cut)} == {
        name: file.read_bytes() for name, file in files_below(shared)
    }


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("row_id", "vqa:9", "sorted by split"),
        ("split", "dev", "a split of train, validation, test, submit"),
        ("split", "test", "its images' split|sorted"),
        ("image_ids", [], "images a row"),
        ("image_ids", ["coco:1", "coco:1"], "2 images a row"),  # the first row's number holds for all
        ("image_ids", ["coco:4"], "images of the region store"),
        ("text", " ", "no empty text"),
        ("place", -1, "places from 0 on"),
        ("token_ids", [2, 3], "3 to 6 token_ids"),
        ("token_ids", [2, 5, 5, 5, 5, 5, 3], "at most 6 word pieces"),
        ("token_ids", [5, 3], "from .CLS. to .SEP."),
        ("target_ids", [1, 0], "target_ids ascending"),
        ("target_ids", [2], "target_ids ascending, below 2"),
        ("target_ids", [0, 1], "a score for each"),
        ("target_scores", [1.5], "scores above 0"),
        ("target_scores", [float("nan")], "scores above 0"),
    ],
)
def test_rows_that_break_a_rule_are_refused_with_their_id(world: World, column: str, value: Any, match: str) -> None:
    into = world.build(world.vqa(QUESTIONS, ANSWERS))
    rows = rows_of(into)
    rows[0][column] = value
    write_parquet(only_part(into, "rows"), pa.Table.from_pylist(rows, schema=BENCHMARK_ROWS), BENCHMARK_ROWS)
    with pytest.raises(ContractError, match=match):
        questions_contract.check(into, **world.paths, max_length=6)


def test_a_row_to_submit_that_has_an_answer_is_refused(world: World) -> None:
    into = world.build(world.vqa([*QUESTIONS, (1, 1, "it")], ANSWERS))
    rows = rows_of(into)
    rows[-1]["published"] = ["red"]
    write_parquet(only_part(into, "rows"), pa.Table.from_pylist(rows, schema=BENCHMARK_ROWS), BENCHMARK_ROWS)
    with pytest.raises(ContractError, match=r"no answers of rows to submit.*vqa:1"):
        questions_contract.check(into, **world.paths, max_length=6)


def test_589_real_questions_become_rows_with_lxmerts_targets(
    small: Any, tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    files = {
        "vqa_questions": (shared_data("vqa/smallval_questions.json"),),
        "vqa_annotations": (shared_data("vqa/smallval_annotations.json"),),
        "vqa_answers": (shared_data("lxmert_answers/vqa/trainval_label2ans.json"),),
    }
    asked = json.loads(files["vqa_questions"][0].read_text("utf-8"))["questions"]
    image_ids = sorted({f"coco:{question['image_id']}" for question in asked})
    assert (len(asked), len(image_ids)) == (589, 100)
    names = ("train", "validation", "test")
    world = World(small, tmp_path, {image_id: names[n % 3] for n, image_id in enumerate(image_ids)})
    into = world.build(files, max_length=20, max_rejected_rate=0.0)
    rows, possible = rows_of(into), json.loads((into / "answers.json").read_text("utf-8"))
    assert (len(rows), len(possible)) == (589, 3129)
    known = set(possible)
    for row in rows:
        targets = {possible[i]: score for i, score in zip(row["target_ids"], row["target_scores"], strict=True)}
        assert targets == pytest.approx(published_vqa.labels(row["published"], known))
