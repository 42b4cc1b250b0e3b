"""The same network as `transformers` has it: LXMERT without its encoders of one modality (extra `transformers`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from model.exercise import Exercise
from model.learner import Learner
from model.specs import Network

_PARTS: Mapping[str, str] = {
    "embeddings.words": "lxmert.embeddings.word_embeddings",
    "embeddings.positions": "lxmert.embeddings.position_embeddings",
    "embeddings.types": "lxmert.embeddings.token_type_embeddings",
    "embeddings.norm": "lxmert.embeddings.LayerNorm",
    "vision.features": "lxmert.encoder.visn_fc.visn_fc",
    "vision.features_norm": "lxmert.encoder.visn_fc.visn_layer_norm",
    "vision.boxes": "lxmert.encoder.visn_fc.box_fc",
    "vision.boxes_norm": "lxmert.encoder.visn_fc.box_layer_norm",
    "pooler": "lxmert.pooler.dense",
}
_SUBLAYERS: Mapping[str, tuple[str, str]] = {  # where projections are, and where what comes after them
    "cross_attention": ("visual_attention.att", "visual_attention.output"),
    "text_attention": ("lang_self_att.self", "lang_self_att.output"),
    "regions_attention": ("visn_self_att.self", "visn_self_att.output"),
    "text_feed_forward": ("lang_inter", "lang_output"),
    "regions_feed_forward": ("visn_inter", "visn_output"),
}
_HEADS: Mapping[str, str] = {
    "heads.mlm.decoder.transform.0": "cls.predictions.transform.dense",
    "heads.mlm.decoder.transform.2": "cls.predictions.transform.LayerNorm",
    "heads.itm_hs.linear": "cls.seq_relationship",
}


def build(learner: Learner, network: Network, *, vocabulary_size: int) -> nn.Module:
    """Its model for pre-training, with the weights of a learner that has the heads `mlm` and `itm_hs`."""
    from transformers import LxmertConfig, LxmertForPreTraining

    config = LxmertConfig(
        vocab_size=vocabulary_size,
        hidden_size=network.hidden_size,
        num_attention_heads=network.num_heads,
        intermediate_size=network.intermediate_size,
        max_position_embeddings=network.max_positions,
        hidden_dropout_prob=network.dropout_rate,
        attention_probs_dropout_prob=network.dropout_rate,
        visual_feat_dim=network.region_feature_size,
        l_layers=0,
        r_layers=0,
        x_layers=network.num_layers,
        task_obj_predict=False,
        task_qa=False,
    )
    peer: nn.Module = LxmertForPreTraining(config)
    own = learner.state_dict()
    with torch.no_grad():
        for mine, theirs in _names(network):
            for kind in ("weight", "bias"):
                if f"{mine}.{kind}" in own:
                    peer.get_parameter(f"{theirs}.{kind}").copy_(own[f"{mine}.{kind}"])
        peer.get_parameter("cls.predictions.bias").copy_(own["heads.mlm.decoder.bias"])
    return peer


def inputs(exercise: Exercise) -> dict[str, Any]:
    """What it takes: labels stand at every place, -100 where nothing is asked."""
    (words,), (matches,) = exercise.asks["mlm"], exercise.asks["itm_hs"]
    text_BL = exercise.shown.text_BL
    labels = torch.full((text_BL.numel(),), -100).index_copy(0, words.places_N, words.targets_N)
    return {
        "input_ids": text_BL,
        "attention_mask": exercise.shown.text_mask_BL.float(),
        "visual_feats": exercise.shown.regions_BRF.float(),
        "visual_pos": exercise.shown.boxes_BR4,
        "labels": labels.view_as(text_BL),
        "matched_label": matches.targets_N.long(),
    }


def loss(peer: nn.Module, given: Mapping[str, Any]) -> Tensor:
    """The sum of its two losses."""
    found: Tensor = peer(**given).loss
    return found


def _names(network: Network) -> Iterator[tuple[str, str]]:
    """Our modules' names and theirs."""
    yield from ((f"encoder.{mine}", theirs) for mine, theirs in _PARTS.items())
    yield from _HEADS.items()
    for number in range(network.num_layers):
        theirs = f"lxmert.encoder.x_layers.{number}"
        for sublayer, (first, then) in _SUBLAYERS.items():
            mine = f"encoder.layers.{number}.{sublayer}"
            yield f"{mine}.norm", f"{theirs}.{then}.LayerNorm"
            if sublayer.endswith("attention"):
                yield from ((f"{mine}.{part}", f"{theirs}.{first}.{part}") for part in ("query", "key", "value"))
                yield f"{mine}.output", f"{theirs}.{then}.dense"
            else:
                yield f"{mine}.inner", f"{theirs}.{first}.dense"
                yield f"{mine}.outer", f"{theirs}.{then}.dense"
