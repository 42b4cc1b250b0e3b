"""Images alone, texts alone and pairs in one update, as MoMo mixes them: gradients, kills, ranks, starts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch import Tensor

from data.progress import silent
from model import plugins, train
from model.facts import Facts
from model.feed import Exercises, Feed
from model.gradients import Gradients
from model.learner import Learner
from model.objectives.mim import Mim
from model.ranks import Ranks
from model.regions import features
from model.specs import Corruption, Mixing, Objective, Order, Showing, Stage, Stream
from model.updates import Lane, Updates
from tests.model import tiny_kinds, tiny_pictures
from tests.model.test_ordered_training import KilledError, results
from tests.model.test_ranks import losses, trained_on
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_stage

DROP = Corruption(name="drop_patches", options={"rate": 0.5})
MIM = Objective(name="mim", options={"layers": 1, "width": 8, "heads": 2})
MASKED = Showing(corruptions=(Corruption(name="mask_words"), DROP), objectives=(Objective(name="mlm"), MIM))
IMAGES = tiny_kinds.stream("image", corruptions=(DROP,), objectives=(MIM,))
TEXTS = tiny_kinds.stream("text", batch_size=5)
PAIRS = tiny_kinds.stream(
    "sentence",
    objectives=(Objective(name="itc", weight=0.5), Objective(name="itm_in_batch")),
    more=(MASKED,),
    batches_per_update=2,
)
NUM_STEPS = 6


def stage(*streams: Stream, num_steps: int = NUM_STEPS, **changes: Any) -> Stage:
    """All of them in every update."""
    found = tiny_stage(num_steps=num_steps, streams=streams, mixing=Mixing(name="accumulate"))
    return dataclasses.replace(found, **changes)


ALL = stage(IMAGES, TEXTS, PAIRS)


@pytest.fixture
def inputs(tiny: TinySet, tmp_path: Path) -> dict[str, Any]:
    tiny_pictures.write(tmp_path / "p")
    corpora = {
        "image": tiny_kinds.write_images(tmp_path / "images"),
        "text": tiny_kinds.write_texts(tmp_path / "texts"),
        "sentence": tiny.corpus,
    }
    plain = {name: str(folder) for name, folder in corpora.items()}
    return {**tiny.inputs(pictures=str(tmp_path / "p")), "corpora": plain}


@pytest.fixture
def facts(inputs: dict[str, Any], tmp_path: Path) -> Facts:
    return tiny_pictures.tiny_facts(tiny_pictures.write(tmp_path / "q"))


def updates_of(pupil: Learner, facts: Facts, inputs: dict[str, Any], ranks: Ranks) -> Updates[Any]:
    lanes = {}
    for stream in ALL.streams:
        feed = Feed(stream, corpus=Path(inputs["corpora"][stream.corpus]), split="train", facts=facts, seed=3)
        weights = {objective.name: objective.weight for objective in stream.all_objectives()}
        lanes[stream.label] = Lane(
            feed=Exercises(
                feed, lambda batch, names=tuple(weights): pupil.ask(batch, names), features(facts.store, "cpu")
            ),
            weights=weights,
            batches_per_update=stream.batches_per_update,
            is_whole=any(pupil.head(name).needs_whole_batch for name in weights),
        )
    mixing = plugins.load("mixings", "accumulate").build({}, streams=tuple(lanes), seed=1)
    return Updates(lanes, mixing, ranks=ranks)


def gradients(pupil: Learner, updates: Updates[Any]) -> dict[str, Tensor]:
    """Those that the passes of the second update leave."""
    (update,) = updates.starting_at(1, 2)
    adding = Gradients(pupil, updates.lanes, name="test", budget=ALL.budget, rows_recorded=None)
    pupil.zero_grad()
    for one in update.passes:
        adding.add(one)
    return {name: p.grad.clone() for name, p in pupil.named_parameters() if p.grad is not None}


@pytest.fixture
def pupil(facts: Facts) -> Learner:
    return Learner(tiny_kinds.momo(dropout_rate=0.0), ALL.objectives(), facts, seed=1)


def close(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(found) == set(expected)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6, msg=name)


def test_the_gradients_of_an_update_are_those_of_the_summed_loss(
    pupil: Learner, facts: Facts, inputs: dict[str, Any]
) -> None:
    updates = updates_of(pupil, facts, inputs, Ranks())
    found = gradients(pupil, updates)
    (update,) = updates.starting_at(1, 2)
    assert [one.stream for one in update.passes] == ["image", "text", "sentence", "sentence"]
    total = torch.zeros(())
    for one in update.passes:
        weights = updates.lanes[one.stream].weights
        each = dict(zip(weights, pupil.losses(one.batch, tuple(weights)), strict=True))
        total = total + one.weight * sum(weight * each[name] for name, weight in weights.items())
    pupil.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    close(found, {name: p.grad for name, p in pupil.named_parameters() if p.grad is not None})
    assert set(found) == {name for name, _ in pupil.named_parameters()}


def test_the_gradients_of_two_ranks_add_up_to_those_of_one(
    pupil: Learner, facts: Facts, inputs: dict[str, Any]
) -> None:
    alone = gradients(pupil, updates_of(pupil, facts, inputs, Ranks()))
    shares = [gradients(pupil, updates_of(pupil, facts, inputs, Ranks(rank=rank, number=2))) for rank in (0, 1)]
    close({name: shares[0][name] + shares[1][name] for name in shares[0]}, alone)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_train_as_one(inputs: dict[str, Any], tmp_path: Path) -> None:
    slow = dataclasses.replace(ALL.budget.optimizer, learning_rate=1e-4)  # see tests/model/test_ranks
    spec = dataclasses.replace(ALL, budget=dataclasses.replace(ALL.budget, optimizer=slow))
    network = tiny_kinds.momo(dropout_rate=0.0)
    folders = [
        trained_on(tmp_path / str(number), spec=spec, network=network, inputs=inputs, num_ranks=number)
        for number in (1, 2)
    ]
    np.testing.assert_allclose(losses(folders[1]), losses(folders[0]), rtol=1e-4, atol=1e-5)


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The passes that are yet to come before a kill, which never comes where the list is empty."""
    left: list[int] = []
    plain = Gradients.add

    def add(self: Gradients[Any], one: Any) -> Any:
        if left:
            left[0] -= 1
            if left[0] < 0:
                raise KilledError
        return plain(self, one)

    monkeypatch.setattr(Gradients, "add", add)
    return left


MIXED = {
    "all in every update": ALL,
    "one after the other": stage(IMAGES, TEXTS, PAIRS, num_steps=20, mixing=Mixing(name="alternate")),
    "pairs in the order of GRIT-VLP": stage(
        IMAGES,
        TEXTS,
        dataclasses.replace(PAIRS, order=Order(name="grit", options={"queue": 24, "search_space": 12})),
        num_steps=8,
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_a_kill_between_the_passes_of_an_update_changes_nothing(
    name: str, inputs: dict[str, Any], tmp_path: Path, killed: list[int]
) -> None:
    spec, network = MIXED[name], tiny_kinds.momo()
    train.train(str(write_job(tmp_path / "whole", spec=spec, network=network, inputs=inputs)), silent)
    job = write_job(tmp_path / "cut", spec=spec, network=network, inputs=inputs, every_s=0.0)
    for passes in (2, 5, 6, 3):  # after image and text, between two batches of pairs, after an image, ...
        killed[:] = [passes]
        with pytest.raises(KilledError):
            train.train(str(job), silent)
    killed.clear()
    train.train(str(job), silent)
    assert results(tmp_path / "cut") == results(tmp_path / "whole")


def test_every_objective_of_every_stream_is_judged_beside_blind_predictors(
    inputs: dict[str, Any], tmp_path: Path
) -> None:
    train.train(str(write_job(tmp_path / "a", spec=ALL, network=tiny_kinds.momo(), inputs=inputs)), silent)
    judged = json.loads((tmp_path / "a/result/held_out.json").read_text("utf-8"))
    assert set(judged) == {
        *("image_mim", "text_mlm", "sentence_itc", "sentence_itm_in_batch", "sentence_mlm", "sentence_mim")
    }
    assert set(judged["image_mim"]["blind"]) == {"mean patch", "mean of the visible patches"}
    assert (judged["image_mim"]["num_rows"], judged["text_mlm"]["num_rows"]) == (4, 8)
    assert all(np.isfinite([each["model"], *each["blind"].values()]).all() for each in judged.values())


def tensors(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = load_file(folder / "result/weights.safetensors")
    return found


def test_the_decoder_is_there_where_masked_images_are_learnt_and_each_start_says_what_became_of_it(
    inputs: dict[str, Any], tmp_path: Path
) -> None:
    """Images; images and texts; texts alone: the stages' starts one after the other."""
    stages = {"images": stage(IMAGES, num_steps=2), "both": stage(TEXTS, IMAGES, num_steps=2)}
    stages["texts"] = stage(TEXTS, num_steps=2)
    before: dict[str, str] = {}
    starts = {}
    for name, spec in stages.items():
        given = {**inputs, **before}
        train.train(str(write_job(tmp_path / name, spec=spec, network=tiny_kinds.momo(), inputs=given)), silent)
        starts[name] = json.loads((tmp_path / name / "result/network.json").read_text("utf-8"))["start"]
        before = {"start": str(tmp_path / name / "result")}
    decoder = {key for key in tensors(tmp_path / "images") if key.startswith("heads.mim.")}
    mlm = {key for key in tensors(tmp_path / "texts") if key.startswith("heads.mlm.")}
    assert decoder
    assert starts["images"]["loaded"] == []
    assert starts["both"]["dropped"] == []
    assert set(starts["both"]["new"]) == mlm
    assert decoder <= set(starts["both"]["loaded"])
    assert set(starts["texts"]["dropped"]) == decoder
    assert starts["texts"]["new"] == []
    assert not any("mim" in key for key in tensors(tmp_path / "texts"))
    assert set(starts["texts"]["loaded"]) == set(tensors(tmp_path / "texts"))


def test_images_alone_leave_the_words_as_they_were(inputs: dict[str, Any], facts: Facts, tmp_path: Path) -> None:
    spec = stage(IMAGES, num_steps=2)
    train.train(str(write_job(tmp_path / "a", spec=spec, network=tiny_kinds.momo(), inputs=inputs)), silent)
    fresh = Learner(tiny_kinds.momo(), spec.objectives(), facts, seed=spec.budget.seed)
    assert isinstance(fresh.head("mim"), Mim)
    own = tensors(tmp_path / "a")
    for name, tensor in fresh.state_dict().items():
        is_untaught = name.startswith(("encoder.embeddings.", "encoder.image_projection", "encoder.text_projection"))
        assert np.array_equal(own[name], tensor.numpy()) == (is_untaught or "temperature" in name), name


def test_a_stage_of_finer_patches_starts_from_resized_positions(inputs: dict[str, Any], tmp_path: Path) -> None:
    """4 patches of 4 px, then 9 of 4 px: pictures of 8 px, then of 12."""
    spec = stage(IMAGES, num_steps=1)
    train.train(str(write_job(tmp_path / "a", spec=spec, network=tiny_kinds.momo(), inputs=inputs)), silent)
    given = {**inputs, "start": str(tmp_path / "a/result")}
    finer = tiny_kinds.momo(num_regions=9)
    train.train(str(write_job(tmp_path / "b", spec=spec, network=finer, inputs=given)), silent)
    start = json.loads((tmp_path / "b/result/network.json").read_text("utf-8"))["start"]
    assert start["dropped"] == start["new"] == []
    before, after = (tensors(tmp_path / name)["encoder.vision.positions.weight"] for name in "ab")
    assert (before.shape, after.shape) == ((5, 16), (10, 16))
    corners = [1, 3, 7, 9]  # of nine; those of four are all
    np.testing.assert_allclose(after[0], before[0], atol=0.01)
    assert np.corrcoef(after[corners].ravel(), before[1:].ravel())[0, 1] > 0.95
