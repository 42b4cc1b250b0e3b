"""A stage on pairs of pictures and captions, in this process: what it starts from, and that a kill changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data.errors import UserError
from data.progress import Progress, silent
from model import train
from model.specs import Objective, Order, Stage, Stream
from tests.model import tiny_pictures
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_stage

WIDTH, INNER = 16, 32
ITC = Objective(name="itc")


QUEUE = {"momentum": 0.9, "queue": 20}


class KilledError(Exception):
    """Stands in for a kill: nothing is saved on the way out."""


def stage(*, num_steps: int, objective: Objective = ITC, **changes: Any) -> Stage:
    """Contrast alone, of pictures as they are."""
    stream = Stream(
        corpus="sentence",
        max_length=12,
        batch_size=6,
        corruptions=(),
        objectives=(objective,),
        view=tiny_pictures.PLAIN,
        **changes,
    )
    return tiny_stage(num_steps=num_steps, streams=(stream,))


@pytest.fixture
def inputs(tiny: TinySet, tmp_path: Path) -> dict[str, Any]:
    tiny_pictures.write(tmp_path)
    return tiny.inputs(pictures=str(tmp_path))


def a_tower(file: Path, *, width: int = WIDTH) -> dict[str, torch.Tensor]:
    """A vision transformer of one layer for four patches, by timm's names."""
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 5, width),
        "patch_embed.proj.weight": (width, 3, 4, 4),
        "patch_embed.proj.bias": (width,),
        "blocks.0.norm1.weight": (width,),
        "blocks.0.norm1.bias": (width,),
        "blocks.0.attn.qkv.weight": (3 * width, width),
        "blocks.0.attn.qkv.bias": (3 * width,),
        "blocks.0.attn.proj.weight": (width, width),
        "blocks.0.attn.proj.bias": (width,),
        "blocks.0.norm2.weight": (width,),
        "blocks.0.norm2.bias": (width,),
        "blocks.0.mlp.fc1.weight": (INNER, width),
        "blocks.0.mlp.fc1.bias": (INNER,),
        "blocks.0.mlp.fc2.weight": (width, INNER),
        "blocks.0.mlp.fc2.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    generator = torch.Generator().manual_seed(8)
    tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    save_file(tensors, file)
    return tensors


def test_a_stage_starts_from_an_image_tower_of_somebody_elses(inputs: dict[str, Any], tmp_path: Path) -> None:
    theirs = a_tower(tmp_path / "tower.safetensors")
    given = {**inputs, "initial_image": str(tmp_path / "tower.safetensors")}
    job = write_job(tmp_path / "a", spec=stage(num_steps=1), network=tiny_pictures.albef(), inputs=given)
    train.train(str(job), silent)
    origin = json.loads((tmp_path / "a/result/network.json").read_text("utf-8"))["start"]
    assert len(origin["loaded"]) == len(theirs)
    assert origin["dropped"] == []
    ours = load_file(tmp_path / "a/result/weights.safetensors")["encoder.vision.patches.weight"]
    moved = (ours - theirs["patch_embed.proj.weight"].flatten(1)).abs().max()
    assert 0 < moved < 0.01  # by one step of the optimiser


def test_one_of_another_width_is_refused_before_anything_is_trained(inputs: dict[str, Any], tmp_path: Path) -> None:
    a_tower(tmp_path / "tower.safetensors", width=24)
    given = {**inputs, "initial_image": str(tmp_path / "tower.safetensors")}
    job = write_job(tmp_path / "a", spec=stage(num_steps=1), network=tiny_pictures.albef(), inputs=given)
    with pytest.raises(UserError, match="train a network of that size"):
        train.train(str(job), silent)
    assert not (tmp_path / "a/checkpoints").exists()


STAGES = {
    "momentum": stage(num_steps=14, objective=Objective(name="itc_momentum", options=QUEUE)),
    "momentum, two batches an update": stage(
        num_steps=7, objective=Objective(name="itc_momentum", options=QUEUE), batches_per_update=2
    ),
    "momentum, alike rows together": stage(
        num_steps=14,
        objective=Objective(name="itc_momentum", options=QUEUE),
        order=Order(name="grit", options={"queue": 24, "search_space": 12}),
    ),
}


def killing(step: int) -> Progress:
    def progress(share: float, message: str) -> None:
        if message.startswith(f"step {step} of"):
            raise KilledError

    return progress


def results(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted((folder / "result").rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", STAGES)
def test_killed_at_any_step_it_ends_with_the_same_bytes(name: str, inputs: dict[str, Any], tmp_path: Path) -> None:
    spec = STAGES[name]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    network = tiny_pictures.albef()
    train.train(str(write_job(whole, spec=spec, network=network, inputs=inputs)), silent)
    job = write_job(cut, spec=spec, network=network, inputs=inputs, every_s=0.0)
    for step in (1, 3, 4, 6):
        with pytest.raises(KilledError):
            train.train(str(job), killing(step))
    train.train(str(job), silent)
    assert results(cut) == results(whole)
    assert not [key for key in load_file(cut / "result/weights.safetensors") if "teacher" in key]


def test_batches_that_are_cut_are_refused_beside_a_teacher(inputs: dict[str, Any], tmp_path: Path) -> None:
    spec = stage(num_steps=1, objective=Objective(name="itc_momentum", options=QUEUE), micro_batch_size=3)
    with pytest.raises(UserError, match="micro_batch_size 3"):
        train.train(str(write_job(tmp_path / "a", spec=spec, network=tiny_pictures.albef(), inputs=inputs)), silent)
