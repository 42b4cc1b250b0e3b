"""The keys of the benchmarks' tasks follow every module that a real fine-tuning and a real evaluation import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.code import code_digests
from tasks.fine_tuning import Evaluate, FineTune
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_evaluation, tiny_fine_tuning, tiny_network

ROOT = Path(__file__).parents[2]
_RUN = """
import sys
from data.progress import silent
if sys.argv[1] == "finetune":
    from model.finetune import finetune as run
else:
    from model.evaluate import evaluate as run
run(sys.argv[2], silent)
print(*sorted(name for name in sys.modules if name.split(".")[0] in ("data", "model")))
"""


def imported(step: str, job: Path) -> set[str]:
    command = [sys.executable, "-c", _RUN, step, str(job)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    # The sources' modules are found by looking through their folder; the rows that are read here need none of them.
    return {name for name in done.stdout.split() if not name.startswith("data.sources.")}


@pytest.mark.parametrize("benchmark", ["vqa", "retrieval"])
def test_the_keys_follow_all_that_is_imported_and_an_evaluation_not_the_training(
    benchmark: str, tiny: TinySet, tmp_path: Path
) -> None:
    inputs = tiny.benchmark_inputs(benchmark)
    spec = tiny_fine_tuning(benchmark, num_epochs=1)
    job = write_job(tmp_path / "tuned", spec=spec, network=tiny_network(), inputs=inputs)
    tuning = FineTune(benchmark=benchmark, profile="smoke")
    followed = set(code_digests((*tuning.entry, *tuning.plug_ins())))
    assert imported("finetune", job) - followed == set()
    inputs = tiny.benchmark_inputs(benchmark, weights=str(tmp_path / "tuned/result"))
    job = write_job(tmp_path / "judged", spec=tiny_evaluation(benchmark), network=tiny_network(), inputs=inputs)
    judging = Evaluate(benchmark=benchmark, profile="smoke")
    followed = set(code_digests((*judging.entry, *judging.plug_ins())))
    assert imported("evaluate", job) - followed == set()
    assert f"model.benchmarks.{benchmark}" in followed
    assert not {"model.loop", "model.checkpoint", "model.optimizers", "model.finetune"} & followed
