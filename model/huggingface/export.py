"""A trained network as a folder that `transformers` opens: LxmertModel.from_pretrained(FOLDER). Needs no torch."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import vocabulary
from data.errors import UserError
from data.writers import write_json
from model import lxmert_readings
from model.huggingface import names
from model.spec_json import from_plain
from model.specs import Network

SOURCE_WEIGHTS, SOURCE_NETWORK = "weights.safetensors", "network.json"
_NAME = "lxmert_s"


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written: the class it is for, how many tensors, and the heads that the form has no place for."""

    folder: Path
    architecture: str
    num_tensors: int
    left_out: tuple[str, ...]


def export_result(result: Path, *, into: Path) -> Exported:
    """Write what a stage or a fine-tuning left in its `result` folder as `into`, whole or not at all.

    Raises UserError where `into` is there already, cannot be written, or the form cannot hold the network.
    """
    network = from_plain(Network, json.loads((result / SOURCE_NETWORK).read_text("utf-8"))["network"])
    check_holds(network)
    if into.exists() or into.is_symlink():
        raise _cannot_write(into, "something that is there already", "name a folder that is not there yet")
    tensors, left_out = _renamed(result / SOURCE_WEIGHTS, network)
    words = vocabulary.load(result)
    has_heads = set(names.HEADS.values()) <= set(tensors)
    config = names.config(network, vocabulary_size=words.size, pad_id=words.pad_id, has_heads=has_heads)
    try:
        _write(into, config, tensors, result / vocabulary.FILE_NAME)
    except OSError as error:
        raise _cannot_write(
            into, (error.strerror or str(error)).lower(), "name a folder where you may write"
        ) from error
    (architecture,) = config["architectures"]
    return Exported(folder=into, architecture=architecture, num_tensors=len(tensors), left_out=left_out)


def check_holds(network: Network) -> None:
    """Raise UserError where LXMERT, as `transformers` has it, cannot compute what the network does."""
    if network.name != _NAME:
        raise _cannot_hold(f"the network {network.name}")
    if departures := lxmert_readings.read(network).departures():
        raise _cannot_hold(", ".join(f"{name} = {value}" for name, value in departures.items()))


def _renamed(weights: Path, network: Network) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """The tensors by their names there, and the heads of which some have none."""
    from safetensors.numpy import load_file

    own = load_file(weights)
    heads = {mine: theirs for mine, theirs in names.HEADS.items() if mine in own and _fits(mine, own[mine])}
    places = {**names.encoder_names(network), **heads}
    left_out = {".".join(name.split(".")[:2]) for name in own if name not in places}
    return {theirs: own[mine] for mine, theirs in places.items()}, tuple(sorted(left_out))


def _fits(name: str, tensor: NDArray[Any]) -> bool:
    """A matching head of one output (`form = logistic`) has no place: theirs has two."""
    return not name.startswith("heads.itm_hs.") or len(tensor) == 2


def _write(into: Path, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], words: Path) -> None:
    """Beside its place, then renamed."""
    from safetensors.numpy import save_file

    into.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    try:
        ordered = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
        save_file(ordered, aside / names.WEIGHTS, metadata={"format": "pt"})  # without it older releases open no file
        write_json(aside / names.CONFIG, config)
        shutil.copyfile(words, aside / vocabulary.FILE_NAME)
        aside.chmod(0o755)
        aside.rename(into)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _cannot_hold(found: str) -> UserError:
    return UserError(
        expected="a network that LXMERT as transformers has it can compute",
        found=found,
        where="the network's spec",
        way_out="use it here; only lxmert_s with the options text_layers, region_layers and init can be exported",
    )


def _cannot_write(into: Path, found: str, way_out: str) -> UserError:
    return UserError(expected="a place for a new folder", found=found, where=str(into), way_out=way_out)
