"""The losses of twenty steps of every stage, as they were when they were last meant to change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.progress import silent
from model import train
from model.specs import Mixing, Stage
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_network, tiny_stage, tiny_stage_of_msp, tiny_streams

GOLDEN = Path(__file__).parent / "golden_losses"
NUM_STEPS = 20
STAGES: dict[str, Stage] = {
    **{name: tiny_stage_of_msp(name, num_steps=NUM_STEPS) for name in ("token", "phrase", "sentence")},
    "all_objectives": tiny_stage(num_steps=NUM_STEPS),
    "accumulate": tiny_stage(num_steps=NUM_STEPS, streams=tiny_streams(), mixing=Mixing(name="accumulate")),
}


@pytest.mark.parametrize("name", STAGES)
def test_the_losses_of_twenty_steps_are_the_golden_ones(name: str, tiny: TinySet, tmp_path: Path) -> None:
    # To write them anew after a change that is meant to alter them: delete the file, run, and review it like code.
    train.train(str(write_job(tmp_path, spec=STAGES[name], network=tiny_network(), inputs=tiny.inputs())), silent)
    table = pq.read_table(tmp_path / "result/metrics.parquet")
    losses = {column: table[column].to_pylist() for column in table.column_names if column.startswith("loss")}
    golden = GOLDEN / f"{name}.json"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(json.dumps(losses, indent=1) + "\n", "utf-8")
        pytest.fail("golden losses were missing; they have been written")
    for column, expected in json.loads(golden.read_text("utf-8")).items():
        np.testing.assert_allclose(losses[column], expected, rtol=1e-4, atol=1e-6, err_msg=column)
