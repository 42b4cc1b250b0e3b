"""Models whose weights a network can start from, part by part: what must agree, and where each tensor goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from model import albef_readings, lxmert_readings
from model.huggingface import albef_names, names
from model.specs import Network

_CHANNELS = 3
TIMM = "timm"
"""The kind of a single file, which has no config.json."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A model by the `model_type` of its config.json, or `timm`.

    `sizes`: what that must say where it says it. `places`: our name of each of its tensors, by the name that its class
    for pre-training has. `layers`: how the names of its layers begin where a network takes all of them; None: it takes
    those that there are places for.
    """

    model_type: str
    sizes: Mapping[str, Any]
    places: Mapping[str, str]
    layers: str | None = None
    has_words: bool = True


def kinds_of(part: str, network: Network) -> tuple[Kind, ...]:
    """Those that a part of a network can start from; the parts are those of `PARTS`."""
    return _KINDS[part](network)


def _of_lxmert_s(network: Network) -> tuple[Kind, ...]:
    """BERT and LXMERT, as far as they have what the network has."""
    theirs = {their: mine for mine, their in {**names.encoder_names(network), **names.HEADS}.items()}
    embedded = {
        "hidden_size": network.hidden_size,
        "max_position_embeddings": network.max_positions,
        "hidden_act": "gelu",
    }
    layered = {"num_attention_heads": network.num_heads, "intermediate_size": network.intermediate_size}
    bert = Kind(
        model_type="bert",
        sizes={**embedded, **(layered if lxmert_readings.read(network).text_layers else {})},
        places={
            their.replace(names.PREFIX, "bert.", 1): mine
            for their, mine in theirs.items()
            if not their.startswith(names.SENTENCES)
        },
    )
    lxmert = Kind(
        model_type="lxmert",
        sizes={**embedded, **layered, "visual_feat_dim": network.region_feature_size},
        places=theirs,
    )
    return bert, lxmert


def _of_images(network: Network) -> tuple[Kind, ...]:
    """The vision transformer, in the words of transformers and in DeiT's own, which are timm's."""
    num_layers = albef_readings.read(network).image_layers
    sizes = {
        "hidden_size": network.hidden_size,
        "num_hidden_layers": num_layers,
        "num_attention_heads": network.num_heads,
        "intermediate_size": network.intermediate_size,
        "hidden_act": "gelu",
        "patch_size": round((network.region_feature_size / _CHANNELS) ** 0.5),
        "num_channels": _CHANNELS,
        "qkv_bias": True,
    }
    return (
        Kind(
            model_type="vit",
            sizes=sizes,
            places=albef_names.of_vit(num_layers),
            layers="vit.encoder.layer.",
            has_words=False,
        ),
        Kind(model_type=TIMM, sizes={}, places=albef_names.of_timm(num_layers), layers="blocks.", has_words=False),
    )


def _of_text(network: Network) -> tuple[Kind, ...]:
    """BERT: its first layers read text, the others fuse; what they attend to images with is not in it."""
    sizes = {
        "hidden_size": network.hidden_size,
        "num_hidden_layers": network.num_layers,
        "num_attention_heads": network.num_heads,
        "intermediate_size": network.intermediate_size,
        "max_position_embeddings": network.max_positions,
        "hidden_act": "gelu",
    }
    return (Kind(model_type="bert", sizes=sizes, places=albef_names.of_bert(network), layers="bert.encoder.layer."),)


_KINDS: Mapping[str, Callable[[Network], tuple[Kind, ...]]] = {
    "initial": _of_lxmert_s,
    "initial_image": _of_images,
    "initial_text": _of_text,
}
PARTS = tuple(_KINDS)
"""What a job calls somebody else's weights: of LXMERT-S's all, of ALBEF's image tower, of its text tower and fusion."""
