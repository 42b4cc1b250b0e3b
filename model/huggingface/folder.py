"""A folder of weights to start from, as `transformers` keeps BERT and LXMERT: looked at before any work, without torch.

What is needed of it: config.json, and model.safetensors or pytorch_model.bin in one piece; vocab.txt is compared if it
is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import vocabulary
from data.errors import UserError
from model import lxmert_readings
from model.huggingface.names import CONFIG, WEIGHTS
from model.specs import Network

PICKLED = "pytorch_model.bin"
_KINDS = ("bert", "lxmert")


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder that was found to hold weights of BERT or LXMERT."""

    path: Path
    kind: str
    weights: Path
    config: Mapping[str, Any]


def look(path: Path, network: Network) -> Folder:
    """What is in a folder. Raises UserError where that is no weights, or weights of another size than the network."""
    config = _config(path)
    kind = config.get("model_type")
    if kind not in _KINDS:
        raise refused(path / CONFIG, f"model_type {' or '.join(_KINDS)}", repr(kind), "name a folder of one of these")
    weights = next((path / name for name in (WEIGHTS, PICKLED) if (path / name).is_file()), None)
    if weights is None:
        raise refused(path, f"{WEIGHTS} or {PICKLED}", "neither", "save the model in one piece, as safetensors")
    for name, ours in _sizes(kind, network):
        if name in config and config[name] != ours:
            raise refused(
                path / CONFIG,
                f"{name} {ours}, as the network has",
                repr(config[name]),
                "train a network of that size, or start from other weights",
            )
    return Folder(path=path, kind=kind, weights=weights, config=config)


def check_words(found: Folder, tokens: Sequence[str]) -> None:
    """Raise UserError where its rows of word embeddings stand for other word pieces than ours."""
    way_out = "set [sources] bert_vocabulary to the vocab.txt that belongs to these weights"
    size = found.config.get("vocab_size", len(tokens))
    if size != len(tokens):
        raise refused(found.path / CONFIG, f"{len(tokens)} word pieces, as the vocabulary has", str(size), way_out)
    file = found.path / vocabulary.FILE_NAME
    if not file.is_file():
        return
    entries = vocabulary.checked(file)
    if len(entries) != len(tokens):
        raise refused(file, f"{len(tokens)} word pieces, as the vocabulary has", str(len(entries)), way_out)
    for number, (theirs, ours) in enumerate(zip(entries, tokens, strict=True), start=1):
        if theirs != ours:
            raise refused(file, f"the vocabulary's word pieces, {ours!r} on line {number}", repr(theirs), way_out)


def refused(where: Path, expected: str, found: str, way_out: str) -> UserError:
    """The error for weights that cannot be started from."""
    return UserError(expected=expected, found=found, where=str(where), way_out=way_out)


def _sizes(kind: str, network: Network) -> Iterator[tuple[str, Any]]:
    """What must agree, by LXMERT's and BERT's name for it: only of what is taken."""
    yield "hidden_size", network.hidden_size
    yield "max_position_embeddings", network.max_positions
    yield "hidden_act", "gelu"
    if kind == "lxmert" or lxmert_readings.read(network).text_layers:
        yield "num_attention_heads", network.num_heads
        yield "intermediate_size", network.intermediate_size
    if kind == "lxmert":
        yield "visual_feat_dim", network.region_feature_size


def _config(path: Path) -> Mapping[str, Any]:
    way_out = "name a folder as transformers' save_pretrained leaves it; nothing is ever downloaded here"
    if not path.is_dir():
        found = "a file" if path.exists() else "nothing there"
        raise refused(path, "a folder of weights of BERT or LXMERT", found, way_out)
    try:
        config = json.loads((path / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise refused(path / CONFIG, "a file of JSON", f"{type(error).__name__}: {error}"[:200], way_out) from error
    if not isinstance(config, dict):
        raise refused(path / CONFIG, "a JSON object", type(config).__name__, way_out)
    return config
