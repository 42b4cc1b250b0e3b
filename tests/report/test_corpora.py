import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import schema
from data.errors import ContractError
from data.regions.store import RegionStore
from data.writers import write_parquet
from report.corpora import corpus, labelled_regions, tagger
from report.inputs import ReportInputs
from tests.parts import only_part
from tests.report import run

MakeInputs = Callable[..., ReportInputs]


@pytest.fixture
def store(tmp_path: Path) -> RegionStore:
    return RegionStore.open(run.write_regions(tmp_path / "store") / "regions.h5")


def test_dropped_rows_are_summed_and_the_commonest_reason_comes_first(tmp_path: Path) -> None:
    found = corpus("token", run.write_corpus(tmp_path / "token", 1), None)
    assert found.num_dropped == 80
    numbers = [(reason, dropped.num_records, dropped.on_purpose) for reason, dropped in found.dropped.items()]
    assert numbers == [("has a verb", 64, True), ("no region features", 15, False), ("empty text", 1, False)]
    assert list(found.rows) == ["train", "validation", "test"]


def test_what_was_dropped_has_examples_by_its_reason(tmp_path: Path) -> None:
    dropped = corpus("token", run.write_corpus(tmp_path / "token", 1), None).dropped
    assert [(e.text, e.where) for e in dropped["empty text"].examples] == [("17", "captions, text")]
    filtered = [example.text for example in dropped["has a verb"].examples]
    assert len(set(filtered)) == 4
    assert filtered == sorted(filtered)
    assert dropped["no region features"].examples == []


def test_a_note_of_nothing_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "counts.json").write_text('{"read": 1, "notes": {"mean cosine": null, "rows": 2}}')
    assert corpus("token", tmp_path, None).notes == {"rows": 2}


def test_samples_are_three_training_rows_from_the_first_middle_and_last_third(
    tmp_path: Path, store: RegionStore
) -> None:
    # Of the six images the fourth is for validation: 1, 2, 3, 5, 6 train, cut into 1 | 2, 3 | 5, 6.
    samples = corpus("token", run.write_corpus(tmp_path / "token", 1), store).samples
    first, second, third = (sample.image_ids[0] for sample in samples)
    assert first == "coco:1"
    assert second in {"coco:2", "coco:3"}
    assert third in {"coco:5", "coco:6"}


def test_each_label_has_its_surest_region_and_those_that_the_text_names_come_first(store: RegionStore) -> None:
    regions = labelled_regions(store, "coco:1", "A red Cone.")
    assert [(region.label, region.confidence) for region in regions] == [("cone", 0.5), ("cat", 0.75)]
    assert regions[0].box == [0.25, 0.25, 0.5, 0.75]
    assert [region.label for region in labelled_regions(store, "coco:1", "nothing")] == ["cat", "cone"]


def test_an_image_without_regions_has_none_to_show(store: RegionStore) -> None:
    assert labelled_regions(store, "coco:99", "a cone") == []
    assert labelled_regions(None, "coco:1", "a cone") == []


def test_a_benchmarks_rows_are_shown_with_their_answers_the_commonest_first(tmp_path: Path) -> None:
    (sample,) = corpus("questions", run.write_questions(tmp_path / "questions"), None).samples
    assert sample.image_ids == ["coco:1", "coco:2"]
    assert list(sample.answers.items()) == [("two", 2), ("three", 1)]


def test_equal_rows_are_shown_alike_whatever_the_corpus_is_called(tmp_path: Path) -> None:
    folder = run.write_questions(tmp_path / "questions")
    row = pq.read_table(only_part(folder, "rows")).to_pylist()[0]
    rows = [{**row, "row_id": f"vqa:{number:02}"} for number in range(50)]
    run.write_rows(only_part(folder, "rows"), rows, schema.BENCHMARK_ROWS)
    assert corpus("one", folder, None) == corpus("two", folder, None)


def test_a_corpus_without_tables_has_counts_alone(tmp_path: Path) -> None:
    (tmp_path / "counts.json").write_text(json.dumps({"read": 1, "rejected": {"broken": 1}}))
    found = corpus("token", tmp_path, None)
    assert found.samples == []
    assert found.dropped["broken"].examples == []


def test_a_table_with_other_columns_is_one_clear_error(tmp_path: Path) -> None:
    run.write_corpus(tmp_path / "token", 1)
    table = pa.table({"row_id": ["a"]})
    write_parquet(only_part(tmp_path / "token", "corpus"), table, table.schema)
    with pytest.raises(ContractError, match="the columns row_id, image_id, text, split"):
        corpus("token", tmp_path / "token", None)


def test_a_taggers_rule_that_was_never_needed_is_left_out(tmp_path: Path) -> None:
    scores = {"accuracy": 0.5, "num_sentences": 2, "verb": {"precision": 1, "recall": 0.5}, "aux": {"precision": None}}
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    found = tagger(tmp_path / "scores.json")
    assert (found.accuracy, found.num_sentences) == (0.5, 2)
    assert found.rules == {"verb": {"precision": 1, "recall": 0.5}}


def test_samples_of_text_alone_show_no_image_and_those_of_images_alone_no_text(tmp_path: Path) -> None:
    (tmp_path / "counts.json").write_text('{"read": 2}')
    (tmp_path / "corpus").mkdir()
    common = {"split": "train", "token_ids": [], "topic_ids": [], "source_ids": []}
    rows = [
        {"row_id": "text:a#0", "image_id": schema.NO_IMAGE, "text": "A red cone.", **common},
        {"row_id": "coco:1#i", "image_id": "coco:1", "text": "", **common},
    ]
    table = pa.Table.from_pylist(rows, schema=schema.CORPUS)
    write_parquet(tmp_path / "corpus/part-00000.parquet", table, schema.CORPUS)
    samples = corpus("text", tmp_path, None).samples
    assert {(tuple(sample.image_ids), sample.text) for sample in samples} == {((), "A red cone."), (("coco:1",), "")}
