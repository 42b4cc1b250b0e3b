"""A stage on pairs of pictures and captions, in this process: where it starts from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from data.errors import UserError
from data.progress import silent
from model import train
from model.specs import Objective, Stage, Stream
from tests.model import tiny_pictures
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_stage

WIDTH, INNER = 16, 32


def stage(*, num_steps: int) -> Stage:
    """Contrast alone, of pictures as they are."""
    stream = Stream(
        corpus="sentence",
        max_length=12,
        batch_size=6,
        corruptions=(),
        objectives=(Objective(name="itc"),),
        view=tiny_pictures.PLAIN,
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
