"""A folder of weights to start from, as `transformers` keeps it: looked at before any work, without torch.

What is needed of it: config.json, and model.safetensors or pytorch_model.bin in one piece; vocab.txt is compared if it
is there. Vision transformers may be a single file by timm's names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import vocabulary
from data.errors import UserError
from model.huggingface.kinds import TIMM, Kind, kinds_of
from model.huggingface.names import CONFIG, WEIGHTS
from model.specs import Network

PICKLED = "pytorch_model.bin"
OTHER_SIZE = "train a network of that size, or start from other weights"


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder, or a file, that was found to hold weights of a kind."""

    path: Path
    kind: Kind
    weights: Path
    config: Mapping[str, Any]


def look(path: Path, part: str, network: Network) -> Folder:
    """What is in a folder for a part of a network, see `kinds.PARTS`.

    Raises UserError where that is no weights, or weights of another size than the network.
    """
    kinds = {kind.model_type: kind for kind in kinds_of(part, network)}
    if TIMM in kinds and path.is_file():
        return Folder(path=path, kind=kinds.pop(TIMM), weights=path, config={})
    kinds.pop(TIMM, None)
    config = _config(path, tuple(kinds))
    kind = kinds.get(str(config.get("model_type")))
    if kind is None:
        found = repr(config.get("model_type"))
        raise refused(path / CONFIG, f"model_type {' or '.join(kinds)}", found, "name a folder of one of these")
    weights = next((path / name for name in (WEIGHTS, PICKLED) if (path / name).is_file()), None)
    if weights is None:
        raise refused(path, f"{WEIGHTS} or {PICKLED}", "neither", "save the model in one piece, as safetensors")
    for name, ours in kind.sizes.items():
        if name in config and config[name] != ours:
            raise refused(path / CONFIG, f"{name} {ours}, as the network has", repr(config[name]), OTHER_SIZE)
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


def _config(path: Path, kinds: Sequence[str]) -> Mapping[str, Any]:
    way_out = "name a folder as transformers' save_pretrained leaves it; nothing is ever downloaded here"
    if not path.is_dir():
        found = "a file" if path.exists() else "nothing there"
        raise refused(path, f"a folder of weights of {' or '.join(kinds)}", found, way_out)
    try:
        config = json.loads((path / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise refused(path / CONFIG, "a file of JSON", f"{type(error).__name__}: {error}"[:200], way_out) from error
    if not isinstance(config, dict):
        raise refused(path / CONFIG, "a JSON object", type(config).__name__, way_out)
    return config
