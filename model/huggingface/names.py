"""LXMERT-S in the words of `transformers`: the names of its tensors in LxmertForPreTraining, and LxmertConfig's fields.

https://github.com/huggingface/transformers, src/transformers/models/lxmert (modeling_lxmert, configuration_lxmert).
BERT's names are the same for what both have (models/bert), under `bert.` instead of `lxmert.`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model import lxmert_readings
from model.specs import Network

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
PREFIX = "lxmert."
SENTENCES = "cls.seq_relationship."
"""LXMERT's head of matching. BERT's asks whether two sentences follow each other: nothing of a match."""
FUSED = "query_key_value"
"""Our name of three projections in one."""
TABLES: Mapping[str, str] = {
    "embeddings.words": "embeddings.word_embeddings",
    "embeddings.positions": "embeddings.position_embeddings",
    "embeddings.types": "embeddings.token_type_embeddings",
}
EMBEDDINGS: Mapping[str, str] = {"embeddings.norm": "embeddings.LayerNorm"}
_PARTS: Mapping[str, str] = {
    **EMBEDDINGS,
    "vision.features": "encoder.visn_fc.visn_fc",
    "vision.features_norm": "encoder.visn_fc.visn_layer_norm",
    "vision.boxes": "encoder.visn_fc.box_fc",
    "vision.boxes_norm": "encoder.visn_fc.box_layer_norm",
    "pooler": "pooler.dense",
}
_CROSS: Mapping[str, tuple[str, str]] = {  # where projections are, and where what comes after them
    "cross_attention": ("visual_attention.att", "visual_attention.output"),
    "text_attention": ("lang_self_att.self", "lang_self_att.output"),
    "regions_attention": ("visn_self_att.self", "visn_self_att.output"),
    "text_feed_forward": ("lang_inter", "lang_output"),
    "regions_feed_forward": ("visn_inter", "visn_output"),
}
ALONE: Mapping[str, tuple[str, str]] = {
    "attention": ("attention.self", "attention.output"),
    "feed_forward": ("intermediate", "output"),
}
HEADS: Mapping[str, str] = {
    "heads.mlm.decoder.transform.0.weight": "cls.predictions.transform.dense.weight",
    "heads.mlm.decoder.transform.0.bias": "cls.predictions.transform.dense.bias",
    "heads.mlm.decoder.transform.2.weight": "cls.predictions.transform.LayerNorm.weight",
    "heads.mlm.decoder.transform.2.bias": "cls.predictions.transform.LayerNorm.bias",
    "heads.mlm.decoder.bias": "cls.predictions.bias",
    "heads.itm_hs.linear.weight": "cls.seq_relationship.weight",
    "heads.itm_hs.linear.bias": "cls.seq_relationship.bias",
}
"""The heads that both have. LXMERT's visual heads share a transform, so ours are not among them."""


def encoder_names(network: Network) -> dict[str, str]:
    """Our names of the encoder's tensors, each with theirs."""
    read = lxmert_readings.read(network)
    found = {f"encoder.{mine}.weight": f"{PREFIX}{theirs}.weight" for mine, theirs in TABLES.items()}
    stacks = (
        ("text_layers", "layer", read.text_layers, ALONE),
        ("region_layers", "r_layers", read.region_layers, ALONE),
        ("layers", "x_layers", network.num_layers, _CROSS),
    )
    modules = [*_PARTS.items()]
    for mine, theirs, num_layers, sublayers in stacks:
        for number in range(num_layers):
            modules += of_layer(f"{mine}.{number}", f"encoder.{theirs}.{number}", sublayers)
    for mine, theirs in modules:
        for kind in ("weight", "bias"):
            found[f"encoder.{mine}.{kind}"] = f"{PREFIX}{theirs}.{kind}"
    return found


def config(network: Network, *, vocabulary_size: int, pad_id: int, has_heads: bool) -> dict[str, Any]:
    """The fields of LxmertConfig that decide what a network computes. `has_heads`: with those of `HEADS`."""
    read = lxmert_readings.read(network)
    return {
        "architectures": ["LxmertForPreTraining" if has_heads else "LxmertModel"],
        "model_type": "lxmert",
        "vocab_size": vocabulary_size,
        "hidden_size": network.hidden_size,
        "num_attention_heads": network.num_heads,
        "intermediate_size": network.intermediate_size,
        "hidden_act": "gelu",
        "max_position_embeddings": network.max_positions,
        "type_vocab_size": 2,
        "hidden_dropout_prob": network.dropout_rate,
        "attention_probs_dropout_prob": network.dropout_rate,
        "visual_feat_dim": network.region_feature_size,
        "visual_pos_dim": 4,
        "l_layers": read.text_layers,
        "r_layers": read.region_layers,
        "x_layers": network.num_layers,
        "pad_token_id": pad_id,
        "task_mask_lm": True,
        "task_matched": True,
        "task_obj_predict": False,
        "task_qa": False,
    }


def of_layer(mine: str, theirs: str, sublayers: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Our modules' names and theirs, of one layer."""
    for sublayer, (first, then) in sublayers.items():
        yield f"{mine}.{sublayer}.norm", f"{theirs}.{then}.LayerNorm"
        if sublayer.endswith("attention"):
            yield from ((f"{mine}.{sublayer}.{part}", f"{theirs}.{first}.{part}") for part in ("query", "key", "value"))
            yield f"{mine}.{sublayer}.output", f"{theirs}.{then}.dense"
        else:
            yield f"{mine}.{sublayer}.inner", f"{theirs}.{first}.dense"
            yield f"{mine}.{sublayer}.outer", f"{theirs}.{then}.dense"
