"""The same network as `transformers` has it: LXMERT without its encoders of one modality (extra `transformers`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from model.exercise import Exercise
from model.huggingface import names
from model.learner import Learner
from model.specs import Network


def build(learner: Learner, network: Network, *, vocabulary_size: int) -> nn.Module:
    """Its model for pre-training, with the weights of a learner that has the heads `mlm` and `itm_hs`."""
    from transformers import LxmertConfig, LxmertForPreTraining

    fields = names.config(network, vocabulary_size=vocabulary_size, pad_id=0, has_heads=True)
    peer: nn.Module = LxmertForPreTraining(LxmertConfig.from_dict(fields))
    own = learner.state_dict()
    with torch.no_grad():
        for mine, theirs in {**names.encoder_names(network), **names.HEADS}.items():
            peer.get_parameter(theirs).copy_(own[mine])
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
