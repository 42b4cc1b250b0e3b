"""ALBEF's towers in the words of others: the vision transformer in those of `transformers` and of timm, and BERT.

https://github.com/huggingface/transformers, src/transformers/models/vit/modeling_vit.py;
https://github.com/huggingface/pytorch-image-models, timm/models/vision_transformer.py: the names in DeiT's own files.
Each function gives our name of each tensor of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

from model import albef_readings
from model.huggingface import names
from model.specs import Network

_TOWER = "encoder.vision"
_ENDS = ("weight", "bias")
_EMBEDDED: Mapping[str, tuple[str, str]] = {  # ours; in transformers, in timm
    "cls.weight": ("vit.embeddings.cls_token", "cls_token"),
    "positions.weight": ("vit.embeddings.position_embeddings", "pos_embed"),
    "patches.weight": ("vit.embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight"),
    "patches.bias": ("vit.embeddings.patch_embeddings.projection.bias", "patch_embed.proj.bias"),
    "norm.weight": ("vit.layernorm.weight", "norm.weight"),
    "norm.bias": ("vit.layernorm.bias", "norm.bias"),
}
_IN_LAYER: Mapping[str, tuple[str, str]] = {
    "attention_norm": ("layernorm_before", "norm1"),
    "query_key_value": (f"attention.attention.{names.FUSED}", "attn.qkv"),
    "output": ("attention.output.dense", "attn.proj"),
    "feed_forward_norm": ("layernorm_after", "norm2"),
    "inner": ("intermediate.dense", "mlp.fc1"),
    "outer": ("output.dense", "mlp.fc2"),
}


def of_vit(num_layers: int) -> dict[str, str]:
    """Of ViTForImageClassification, the three projections of each attention being one."""
    return _of_tower(num_layers, peer=0, layers="vit.encoder.layer")


def of_timm(num_layers: int) -> dict[str, str]:
    """Of timm's VisionTransformer."""
    return _of_tower(num_layers, peer=1, layers="blocks")


def of_bert(network: Network) -> dict[str, str]:
    """Of BertForPreTraining: embeddings, MLM head, and all layers, of which the last fuse."""
    num_text_layers = network.num_layers - albef_readings.read(network).fusion_layers
    modules = [(mine, theirs) for mine, theirs in names.EMBEDDINGS.items()]
    for number in range(network.num_layers):
        stack = ("text_layers", number) if number < num_text_layers else ("fusion_layers", number - num_text_layers)
        modules += names.of_layer(f"{stack[0]}.{stack[1]}", f"encoder.layer.{number}", names.ALONE)
    tables = {f"bert.{theirs}.weight": f"encoder.{mine}.weight" for mine, theirs in names.TABLES.items()}
    others = {f"bert.{theirs}.{end}": f"encoder.{mine}.{end}" for mine, theirs in modules for end in _ENDS}
    heads = {theirs: mine for mine, theirs in names.HEADS.items() if not theirs.startswith(names.SENTENCES)}
    return {**tables, **others, **heads}


def _of_tower(num_layers: int, *, peer: int, layers: str) -> dict[str, str]:
    embedded = {both[peer]: f"{_TOWER}.{mine}" for mine, both in _EMBEDDED.items()}
    return embedded | {
        f"{layers}.{number}.{both[peer]}.{end}": f"{_TOWER}.layers.{number}.{mine}.{end}"
        for number in range(num_layers)
        for mine, both in _IN_LAYER.items()
        for end in _ENDS
    }
