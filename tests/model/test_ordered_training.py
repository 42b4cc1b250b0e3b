"""A stage whose order observes: it trains, waits without a deadlock, and goes on after a kill bit for bit."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.errors import UserError
from data.progress import Progress, silent
from data.writers import write_parquet
from model import train
from model.orders.length_buckets import LengthBuckets
from model.specs import Corruption, Mixing, Objective, Order, Stage
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import GROUPED, tiny_network, tiny_stage, tiny_streams

NUM_STEPS = 25  # 32 rows in batches of 5: 7 updates an epoch
ORDERS = ["epoch-001.parquet", "epoch-002.parquet", "epoch-003.parquet"]


class KilledError(Exception):
    """Stands in for a kill: nothing is saved on the way out."""


def grit_stage(*, num_steps: int = NUM_STEPS, order: Order = GROUPED, **changes: Any) -> Stage:
    stage = tiny_stage(num_steps=num_steps)
    return dataclasses.replace(stage, streams=(dataclasses.replace(stage.streams[0], order=order, **changes),))


def mixed_stage() -> Stage:
    """The second stream's order observes; its epochs are 5 updates, those of the first 7."""
    words, matching = tiny_streams()
    order = Order(name="grit", options={"queue": 28, "search_space": 14})
    streams = (words, dataclasses.replace(matching, order=order))
    return tiny_stage(num_steps=NUM_STEPS, streams=streams, mixing=Mixing(name="accumulate"))


IN_BATCH = {
    "corruptions": (Corruption(name="mask_words"), Corruption(name="mask_regions")),
    "objectives": (Objective(name="mlm"), Objective(name="mrfr"), Objective(name="itm_in_batch")),
}
STAGES = {
    "one stream": grit_stage(),
    "negatives of the mini-batch": grit_stage(**IN_BATCH),
    "two batches an update": grit_stage(num_steps=14, batches_per_update=2),
    "easier, by rank": grit_stage(
        order=Order(name="grit", options={**GROUPED.options, "hardness": 0.5, "scope": "rank", "shuffle_scope": "rank"})
    ),
    "two streams": mixed_stage(),
}


def job(folder: Path, tiny: TinySet, spec: Stage, *, every_s: float = 1000.0, dropout_rate: float = 0.1) -> str:
    network = tiny_network(dropout_rate=dropout_rate)
    return str(write_job(folder, spec=spec, network=network, inputs=tiny.inputs(), every_s=every_s))


def killing(step: int) -> Progress:
    def progress(share: float, message: str) -> None:
        if message.startswith(f"step {step} of"):
            raise KilledError

    return progress


def killed_in_epoch_1(folder: Path, tiny: TinySet) -> Path:
    """Where the order of that epoch lies."""
    with pytest.raises(KilledError):
        train.train(job(folder, tiny, grit_stage(), every_s=0.0), killing(8))
    return folder / "checkpoints/orders/epoch-001.parquet"


def results(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted((folder / "result").rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def order_of(folder: Path, epoch: int) -> pd.DataFrame:
    return pq.read_table(folder / f"result/orders/epoch-{epoch:03}.parquet").to_pandas()


@pytest.fixture(scope="module")
def whole(tiny: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    train.train(job(folder, tiny, grit_stage()), silent)
    return folder


def test_the_orders_of_all_epochs_but_the_first_are_kept_in_the_result(whole: Path) -> None:
    assert sorted(path.name for path in (whole / "result/orders").iterdir()) == ORDERS
    for epoch in (1, 2, 3):
        order = order_of(whole, epoch)
        assert sorted(order["row"]) == list(range(32))
        assert sorted(order.groupby("batch").size()) == [2, 5, 5, 5, 5, 5, 5]
        images = order["row_id"].str.partition("#")[0]
        assert not pd.DataFrame({"batch": order["batch"], "image": images}).duplicated().any()


@pytest.mark.parametrize("name", STAGES)
def test_killed_at_any_step_it_ends_with_the_same_bytes(name: str, tiny: TinySet, tmp_path: Path) -> None:
    train.train(job(tmp_path / "whole", tiny, STAGES[name]), silent)
    again = job(tmp_path / "cut", tiny, STAGES[name], every_s=0.0)
    for step in (4, 7, 9):
        with pytest.raises(KilledError):
            train.train(again, killing(step))
    train.train(job(tmp_path / "cut", tiny, STAGES[name]), silent)
    assert "result/orders" in str(list(results(tmp_path / "cut")))
    assert results(tmp_path / "cut") == results(tmp_path / "whole")


def test_an_order_is_read_and_never_made_anew(tiny: TinySet, tmp_path: Path) -> None:
    path = killed_in_epoch_1(tmp_path, tiny)
    table = pq.read_table(path)
    other = table.set_column(0, table.schema.field(0), table["row"].combine_chunks()[::-1])
    write_parquet(path, other, table.schema)
    train.train(job(tmp_path, tiny, grit_stage()), silent)
    assert order_of(tmp_path, 1)["row"].tolist() == other["row"].to_pylist()


@pytest.mark.parametrize("fate", ["damaged", "gone"])
def test_where_an_order_cannot_be_used_rows_are_shuffled_with_a_warning(
    fate: str, tiny: TinySet, tmp_path: Path
) -> None:
    path = killed_in_epoch_1(tmp_path, tiny)
    path.unlink() if fate == "gone" else path.write_bytes(path.read_bytes()[:-9])
    with pytest.warns(UserWarning, match="sentence: the order of epoch 1 cannot be used"):
        train.train(job(tmp_path, tiny, grit_stage()), silent)
    assert sorted(path.name for path in (tmp_path / "result/orders").iterdir()) == ORDERS[1:]


@pytest.mark.parametrize("step", [6, 7, 8])
@pytest.mark.timeout(60)
def test_a_failure_while_the_next_epoch_is_waited_for_ends_the_training(
    step: int, tiny: TinySet, tmp_path: Path
) -> None:
    with pytest.raises(KilledError):
        train.train(job(tmp_path, tiny, grit_stage()), killing(step))
    assert "supply" not in {thread.name for thread in threading.enumerate()}


def test_a_last_epoch_whose_successor_never_begins_is_not_observed(tiny: TinySet, tmp_path: Path) -> None:
    train.train(job(tmp_path, tiny, grit_stage(num_steps=14)), silent)
    assert [path.name for path in (tmp_path / "checkpoints/orders").iterdir()] == ["epoch-001.parquet"]


def test_epochs_before_the_first_one_are_shuffled(tiny: TinySet, tmp_path: Path) -> None:
    order = Order(name="grit", options={**GROUPED.options, "start_epoch": 3})
    train.train(job(tmp_path, tiny, grit_stage(order=order)), silent)
    assert [path.name for path in (tmp_path / "result/orders").iterdir()] == ["epoch-003.parquet"]


def test_micro_batches_would_cut_what_was_grouped(tiny: TinySet, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its order groups them"):
        train.train(job(tmp_path, tiny, grit_stage(micro_batch_size=2)), silent)


def test_sizes_that_do_not_fit_are_said_before_any_work(tiny: TinySet, tmp_path: Path) -> None:
    order = Order(name="grit", options={"queue": 21, "search_space": 10})
    with pytest.raises(UserError, match="queue 21, search_space 10"):
        train.train(job(tmp_path, tiny, grit_stage(order=order)), silent)
    assert not (tmp_path / "checkpoints").exists()


def test_buckets_of_one_length_have_the_losses_that_padding_would_give(
    tiny: TinySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = {}
    for is_trimmed in (True, False):
        monkeypatch.setattr(LengthBuckets, "has_like_lengths", is_trimmed)
        folder = tmp_path / str(is_trimmed)
        spec = grit_stage(num_steps=9, order=Order(name="length_buckets"))
        train.train(job(folder, tiny, spec, dropout_rate=0.0), silent)
        losses[is_trimmed] = pq.read_table(folder / "result/metrics.parquet")["loss"].to_numpy()
    np.testing.assert_allclose(losses[True], losses[False], rtol=1e-4)
