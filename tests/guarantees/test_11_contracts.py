"""Promise 11: a breach of a contract blocks that artifact and all that depends on it; what was good before stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import luigi
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from luigi.task_register import Register

import pipeline
from data import tables
from data.contracts import corpora as corpus_contract
from data.contracts import images as image_contract
from tasks import corpora, images
from tests.guarantees.workspaces import files

Rows = list[dict[str, Any]]


def no_features(rows: Rows) -> None:
    rows[0]["image_id"] = "coco:0"


def empty_caption(rows: Rows) -> None:
    rows[0]["text"] = " "


def id_out_of_range(rows: Rows) -> None:
    rows[0]["token_ids"][1] = 1_000_000


def schema_drift(rows: Rows) -> None:
    for row in rows:
        del row["source_ids"]


def other_split(rows: Rows) -> None:
    rows[0]["split"] = next(split for split in ("train", "test") if split != rows[0]["split"])


def write_again(path: Path, harm: Callable[[Rows], None]) -> None:
    """Change some rows of a table, as a faulty builder would have written them."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    harm(rows)
    kept = pa.schema([field for field in table.schema if field.name in rows[0]])
    pq.write_table(pa.Table.from_pylist(rows, schema=kept), path)


def build(task: luigi.Task) -> list[Exception]:
    """Build it as a fresh command does; what its tasks raised."""
    raised: list[Exception] = []
    handle = luigi.Task.event_handler(luigi.Event.FAILURE)(lambda task, error: raised.append(error))
    try:
        luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
    finally:
        luigi.Task._event_callbacks[luigi.Task][luigi.Event.FAILURE].remove(handle)
    Register.clear_instance_cache()
    return raised


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("harm", [no_features, empty_caption, id_out_of_range, schema_drift, other_split])
def test_a_corpus_that_breaks_its_contract_is_not_published(
    harm: Callable[[Rows], None], small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    luigi.configuration.get_config().set("workspace", "root", str(small_run))
    before = files(small_run)
    check = corpus_contract.check

    def check_harmed(folder: Path, **others: Any) -> None:
        write_again(tables.parts(folder / "corpus")[0], harm)
        check(folder, **others)

    monkeypatch.setattr(corpora.contract, "check", check_harmed)
    Register.clear_instance_cache()
    task = pipeline.SentenceStage(profile="smoke")
    luigi.configuration.get_config().set("SentenceCorpus", "max_rejected_rate", "0.07")
    raised = build(task)
    assert [type(error).__name__ for error in raised] == ["ContractError"]
    assert "part-00000.parquet" in str(raised[0])
    assert files(small_run) == before


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("workspace")
def test_a_group_of_images_in_two_splits_blocks_the_table_and_all_that_needs_it(
    small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    luigi.configuration.get_config().set("workspace", "root", str(small_run))
    before = files(small_run)
    check = image_contract.check

    def two_splits(rows: Rows) -> None:
        rows[1]["group_id"] = rows[0]["group_id"]
        rows[1]["split"] = next(split for split in ("train", "test") if split != rows[0]["split"])

    def check_harmed(folder: Path) -> None:
        write_again(folder / "images.parquet", two_splits)
        check(folder)

    monkeypatch.setattr(images.images_contract, "check", check_harmed)
    luigi.configuration.get_config().set("ImageTable", "seed", "3")
    Register.clear_instance_cache()
    raised = build(pipeline.TokenCorpus(profile="smoke"))
    assert [type(error).__name__ for error in raised] == ["ContractError"]
    assert "images.parquet" in str(raised[0])
    assert files(small_run) == before
