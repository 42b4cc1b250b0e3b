"""Texts alone and images alone: what the network is shown, fine-tuned and judged, and who is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from data.errors import UserError
from data.progress import silent
from data.schema import PREDICTIONS
from model import evaluate, finetune, learner, plugins
from model.facts import Facts
from model.respondent import Respondent
from model.specs import Evaluation, Form
from tests.model import alone, tiny_pictures
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_fine_tuning

FROZEN = ("image_classes_knn", "image_classes_probe")
FORMS = {
    "mnli": Form(name="answer", options={"loss": "cross_entropy"}),
    "stsb": Form(name="regress"),
    "image_classes": Form(name="answer", options={"loss": "cross_entropy"}),
    "image_classes_knn": Form(name="nearest"),
    "image_classes_probe": Form(name="linear_probe"),
}
TUNED = ("mnli", "stsb", "image_classes")
NUM_ROWS = {"mnli": 16, "stsb": 16}
"""Test rows: four images, four second sentences each; of images alone there are four."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        alone.install(patch)
        yield alone.write(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def facts(root: Path) -> Facts:
    return alone.facts_of(root)


def inputs(root: Path, tiny: TinySet, name: str, **others: str) -> dict[str, Any]:
    folder = "image_classes" if name.startswith("image_classes") else name
    given = {"vocabulary": str(tiny.vocabulary), "pictures": str(root / "store"), "hard_negatives": None, "start": None}
    return {**given, "corpora": {"benchmark": str(root / folder)}, **others}


def judged(folder: Path, root: Path, tiny: TinySet, name: str, weights: Path) -> dict[str, Any]:
    spec = Evaluation(benchmark=name, sources=("here",), form=FORMS[name], max_length=16, num_threads=1)
    given = inputs(root, tiny, name, weights=str(weights))
    evaluate.evaluate(str(write_job(folder, spec=spec, network=alone.either(), inputs=given)), silent)
    scores: dict[str, Any] = json.loads((folder / "result/scores.json").read_text("utf-8"))
    return scores


@pytest.fixture(scope="module")
def tuned(root: Path, tiny: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of fine-tunings on each benchmark that has any."""
    folder = tmp_path_factory.mktemp("tuned")
    for name in TUNED:
        view = tiny_pictures.PLAIN if name == "image_classes" else {}
        spec = dataclasses.replace(
            tiny_fine_tuning(num_epochs=20), benchmark=name, form=FORMS[name], max_length=16, view=view
        )
        job = write_job(
            folder / name, spec=spec, network=alone.either(dropout_rate=0.0), inputs=inputs(root, tiny, name)
        )
        finetune.finetune(str(job), silent)
    return folder


@pytest.mark.parametrize("name", TUNED)
def test_a_text_is_shown_without_a_region_and_an_image_without_a_word(name: str, root: Path, facts: Facts) -> None:
    here = alone.exam(name, root, facts)
    pupil = Respondent(alone.either(), FORMS[name], here, trained={}, seed=1)
    rows_B = np.array([3, 0, 3])
    pairs = pupil.heads.asks(here, here.questions("train"), seed=1)(rows_B, 0)
    assert len(pairs.text_P) == len(pairs.image_P) == 3
    if name == "image_classes":
        assert pairs.text_TL.shape == (3, 0)
        assert pairs.regions_IRF.shape[1:] == (4, 48)
    else:
        assert pairs.regions_IRF.shape == (3, 0, 48)
        assert pairs.boxes_IR4.shape == (3, 0, 4)
        assert pairs.text_TL.shape[1] > 0
    pooled_PD = pairs.pool(pupil.encoder.eval())
    assert pooled_PD.shape == (3, 16)
    torch.testing.assert_close(pooled_PD[0], pooled_PD[2])
    half = pairs.part(slice(0, 2))
    torch.testing.assert_close(half.pool(pupil.encoder), pooled_PD[:2])


@pytest.mark.parametrize("name", TUNED)
def test_a_fine_tuned_network_beats_what_knows_less(
    name: str, root: Path, tiny: TinySet, tuned: Path, tmp_path: Path
) -> None:
    scores = judged(tmp_path, root, tiny, name, tuned / name / "result")
    group, metric = scores["main"]
    baselines = {who: row[group][metric] for who, row in scores["baselines"].items()}
    expected = {
        "mnli": {"majority", "bag of words", "second sentence alone"},
        "stsb": {"majority", "word overlap"},
        "image_classes": {"majority", "mean colour"},
    }
    assert set(baselines) == expected[name]
    assert scores["scores"][group][metric] > baselines["majority"]
    assert scores["sizes"]["rows"] == NUM_ROWS.get(name, 4)
    assert scores["sizes"]["images"] == (4 if name == "image_classes" else 0)
    found = pq.read_table(tmp_path / "result/predictions.parquet")
    assert found.schema.equals(PREDICTIONS)
    assert all(found["answers"].to_pylist())
    assert all(0 <= credit <= 1 for credit in found["credit"].to_pylist())


@pytest.mark.parametrize("name", FROZEN)
def test_a_frozen_encoder_is_judged_with_no_weight_but_its_own(
    name: str, root: Path, tiny: TinySet, facts: Facts, tmp_path: Path
) -> None:
    network, here = alone.either(), alone.exam(name, root, facts)
    pupil = Respondent(network, FORMS[name], here, trained={}, seed=1)
    assert not list(pupil.heads.parameters())
    weights = tmp_path / "weights"
    weights.mkdir()
    save_file(dict(pupil.state_dict()), weights / "weights.safetensors")
    description = learner.describe(network, (), facts)
    (weights / "network.json").write_text(json.dumps(description), "utf-8")
    scores = judged(tmp_path / "once", root, tiny, name, weights)
    again = judged(tmp_path / "again", root, tiny, name, weights)
    assert scores == again
    assert set(scores["baselines"]) == {"majority", "mean colour"}
    # The left half's colour tells the class, and even a random encoder lets it through.
    assert scores["scores"]["images"]["accuracy"] > scores["baselines"]["majority"]["images"]["accuracy"]
    chosen = json.loads((tmp_path / "once/result/chosen.json").read_text("utf-8"))
    assert set(chosen) == {"k" if name.endswith("knn") else "l2", "validation"}


@pytest.mark.parametrize("name", ["mnli", "image_classes", "image_classes_knn"])
def test_a_network_that_reads_pairs_alone_is_refused_before_any_work(name: str, root: Path, facts: Facts) -> None:
    here = alone.exam(name, root, facts)
    with pytest.raises(
        UserError, match=r"reads (a text|an image) alone.*albef, which reads texts together with images"
    ):
        Respondent(tiny_pictures.albef(), FORMS[name], here, trained={}, seed=1)


def test_no_network_says_that_it_reads_alone_without_a_benchmark_that_asks(facts: Facts, root: Path) -> None:
    assert {plugins.load("benchmarks", name).BENCHMARK.reads for name in FORMS} == {"text", "image"}
