from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from model import train, watch
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_network, tiny_stage


def test_a_training_leaves_its_speed_as_a_table_and_as_events(
    tiny: TinySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_EVERY_S", 0.0)
    said: list[str] = []
    job = write_job(tmp_path, spec=tiny_stage(num_steps=3), network=tiny_network(), inputs=tiny.inputs())
    train.train(str(job), lambda share, message: said.append(message))
    speed = pq.read_table(tmp_path / "record" / watch.SPEED_FILE).to_pandas()
    assert speed["step"].tolist() == [1, 2, 3]
    assert (speed["positions_per_second"] / speed["rows_per_second"]).round(6).tolist() == [12 + 6] * 3
    assert (speed["flop_per_second"] > 0).all()
    assert speed["starved"].between(0, 1).all()
    assert list((tmp_path / "record" / "tensorboard").glob("events.out.tfevents.*"))
    assert "rows/s" in said[-2]
    run = json.loads((tmp_path / "record/run.json").read_text("utf-8"))
    assert run["speed"]["rows_per_second"] == sorted(speed["rows_per_second"])[1]
