"""The measurement of training at a small size: the same losses on both sides, and no way that fails unnoticed."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from model.curricula.msp import PAPER
from speed import training, training_on_gpu, training_set
from speed.stages import Size
from speed.variants import PARTS, Variant
from tests.model.networks.test_lxmert_s import small_shown
from tests.model.tiny import TOKENS
from tests.model.tiny_specs import tiny_network

SMALL = dataclasses.replace(PAPER.network, hidden_size=24, num_heads=2, intermediate_size=48, num_layers=2)
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(training_set, "VOCABULARY_SIZE", 2000)
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


def test_both_sides_have_the_same_losses_and_every_aim_is_measured() -> None:
    pytest.importorskip("transformers", reason="needs the extra `transformers`")
    rows = training.measure(SMALL, batch_sizes=(8,), num_images=8, num_rows=90, num_rounds=1)
    assert [row.against.split(",")[0] for row in rows] == [
        "transformers",
        "transformers",
        "its products at the best speed measured",
        "the step",
    ]
    assert float(rows[0].notes["loss"]) == pytest.approx(float(rows[0].notes["theirs"]), abs=1e-5)
    assert all(row.ratio > 0 for row in rows)


def test_a_gpus_run_measures_what_it_can_and_names_what_it_cannot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUT", str(tmp_path))
    monkeypatch.setattr(training_on_gpu, "TRIED", (Variant(), Variant(is_recorded=True)))
    grains = {name: dataclasses.replace(grain, num_rows=40) for name, grain in training_set.PAPER.items()}
    sizes = {"token": 4, "phrase": 4, "sentence": 4}
    training_on_gpu.run(
        Size(network=SMALL, grains=grains, num_images=8, batch_sizes=sizes, larger=(8,), num_steps=1, num_real_steps=12,
             roof_width=8), "cpu",
    )  # fmt: skip
    said = capsys.readouterr().out
    assert "winner: bfloat16" in said
    assert "not measured: {'failed': 'phrase, 4 rows, bfloat16, recorded'" in said  # there is no GPU to record on
    assert "the whole pre-training:" in said
    assert "the same samples in batches of 8:" in said
    kept = json.loads((tmp_path / "training.json").read_text("utf-8"))
    assert {result["stage"] for result in kept if "real_steps" in result} == {"token", "phrase", "sentence"}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_stands_in_for_the_networks_computes_the_same(part: str) -> None:
    from model.initialise import initialise
    from model.networks.lxmert_s import build

    network = build(tiny_network(dropout_rate=0.0), tokens=TOKENS)
    initialise(network, seed=1, scheme="fan_in")
    shown = small_shown(num_rows=3, length=6)
    shown = dataclasses.replace(shown, text_mask_BL=functional.pad(shown.text_mask_BL[:, 2:], (0, 2)))
    expected = network(shown)
    with Variant(precision="float32", parts=(part,)).active():
        found = network(shown)
    for name, tensor in vars(expected).items():
        if isinstance(tensor, torch.Tensor):
            torch.testing.assert_close(getattr(found, name), tensor, rtol=1e-5, atol=1e-6)


def test_the_gpus_run_imports_nothing_that_only_reading_publishers_files_needs() -> None:
    refused = ("luigi", "ijson", "pybase64", "spacy", "nltk", "jinja2", "matplotlib", "PIL", "typer", "tensorboardX")
    code = f"import sys\nsys.modules.update(dict.fromkeys({refused!r}))\nimport speed.training_on_gpu, speed.training"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
