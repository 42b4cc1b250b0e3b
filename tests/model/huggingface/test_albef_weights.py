"""ALBEF's towers from weights of a vision transformer and of BERT: what they compute then, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from data.errors import UserError
from model.huggingface import weights
from model.initialise import copy_matching
from model.learner import Learner
from model.patches import Grid
from model.specs import Network, Objective
from tests.model import tiny_pictures
from tests.model.tiny import TOKENS

HEADS = (Objective(name="mlm"), Objective(name="itc"), Objective(name="itm_in_batch"))
NUM_IMAGE_LAYERS, NUM_TEXT_LAYERS, NUM_FUSION_LAYERS = 2, 1, 2
SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32, "initializer_range": 0.5}


@pytest.fixture
def network() -> Network:
    options = {"image_layers": NUM_IMAGE_LAYERS, "fusion_layers": NUM_FUSION_LAYERS, "embedding_size": 8}
    return tiny_pictures.albef(num_layers=NUM_TEXT_LAYERS + NUM_FUSION_LAYERS, dropout_rate=0.0, options=options)


@pytest.fixture
def pupil(network: Network, tmp_path: Path) -> Learner:
    facts = tiny_pictures.tiny_facts(tiny_pictures.write(tmp_path))
    return Learner(network, HEADS, facts, seed=3).eval()


@pytest.fixture
def transformers() -> Any:
    return pytest.importorskip("transformers", reason="needs the extra `transformers`")


@pytest.fixture
def vit(transformers: Any, tmp_path: Path) -> Path:
    """A vision transformer for pictures of 8 px with random biases and norms, as `transformers` saves it."""
    config = transformers.ViTConfig(
        **SIZES, num_hidden_layers=NUM_IMAGE_LAYERS, image_size=8, patch_size=4, layer_norm_eps=1e-6
    )
    return saved(transformers.ViTModel(config), tmp_path / "vit")


@pytest.fixture
def bert(transformers: Any, tmp_path: Path) -> Path:
    """BERT with an MLM head and one for sentences, likewise."""
    config = transformers.BertConfig(
        **SIZES,
        num_hidden_layers=NUM_TEXT_LAYERS + NUM_FUSION_LAYERS,
        vocab_size=len(TOKENS),
        max_position_embeddings=16,
    )
    return saved(transformers.BertForPreTraining(config), tmp_path / "bert")


def saved(model: torch.nn.Module, folder: Path) -> Path:
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(folder)  # type: ignore[operator]
    return folder


def load(pupil: Learner, network: Network, **given: Path) -> dict[str, list[str]]:
    parts = {f"initial_{part}": path for part, path in given.items()}
    return copy_matching(pupil, weights.read(parts, network=network, tokens=TOKENS, own=pupil.state_dict()))


def image_states(pupil: Learner, network: Network, pictures_B3HW: Tensor) -> Tensor:
    patches_BRF = Grid.of(network).cut(pictures_B3HW)
    with torch.no_grad():
        return pupil.encoder.embed_regions(patches_BRF, torch.zeros(len(patches_BRF), 4, 4))


def pictures(*, size_px: int = 8) -> Tensor:
    return torch.randn(3, 3, size_px, size_px, generator=torch.Generator().manual_seed(1))


def to_timm(folder: Path) -> dict[str, Tensor]:
    """The same weights by timm's names."""
    parts = {
        "embeddings.cls_token": "cls_token",
        "embeddings.position_embeddings": "pos_embed",
        "embeddings.patch_embeddings.projection": "patch_embed.proj",
        "encoder.layer": "blocks",
        "attention.output.dense": "attn.proj",
        "intermediate.dense": "mlp.fc1",
        "output.dense": "mlp.fc2",
        "layernorm_before": "norm1",
        "layernorm_after": "norm2",
        "layernorm": "norm",
        "pooler.dense": "head",
    }
    theirs = load_file(folder / "model.safetensors")
    found = {}
    for name, tensor in theirs.items():
        if ".query." in name:
            fused = torch.cat([theirs[name.replace("query", part)] for part in ("query", "key", "value")])
            found[name.replace("attention.attention.query", "attn.qkv").replace("encoder.layer", "blocks")] = fused
        elif ".key." not in name and ".value." not in name:
            for before, after in parts.items():
                name = name.replace(before, after)
            found[name] = tensor
    return found


def test_the_image_tower_computes_what_the_vision_transformer_computes(
    transformers: Any, vit: Path, pupil: Learner, network: Network
) -> None:
    origin = load(pupil, network, image=vit)
    with torch.no_grad():
        theirs = transformers.ViTModel.from_pretrained(vit).eval()(pictures()).last_hidden_state
    torch.testing.assert_close(image_states(pupil, network, pictures()), theirs, rtol=0, atol=1e-5)
    assert {".".join(name.split(".")[:2]) for name in origin["loaded"]} == {"encoder.vision"}
    assert origin["dropped"] == ["vit.pooler.dense.bias", "vit.pooler.dense.weight"]
    assert not [name for name in origin["new"] if name.startswith("encoder.vision")]


def test_the_text_tower_computes_what_berts_first_layers_compute(
    transformers: Any, bert: Path, pupil: Learner, network: Network
) -> None:
    load(pupil, network, text=bert)
    text_BL = torch.tensor([[2, 12, 5, 3], [2, 6, 3, 0]])
    mask_BL = text_BL != 0
    with torch.no_grad():
        ours = pupil.encoder.embed_text(text_BL, mask_BL)
        whole = transformers.BertModel.from_pretrained(bert, output_hidden_states=True).eval()
        theirs = whole(text_BL, mask_BL.long()).hidden_states[NUM_TEXT_LAYERS]
    torch.testing.assert_close(ours[mask_BL], theirs[mask_BL], rtol=0, atol=1e-5)


def test_fusion_without_its_look_at_the_image_computes_what_berts_last_layers_compute(
    transformers: Any, bert: Path, pupil: Learner, network: Network
) -> None:
    load(pupil, network, text=bert)
    text_BL = torch.tensor([[2, 12, 5, 3], [2, 6, 3, 0]])
    mask_BL = text_BL != 0
    with torch.no_grad():
        ours = pupil.encoder.embed_text(text_BL, mask_BL)
        for layer in pupil.encoder.fusion_layers:  # type: ignore[union-attr]
            ours = layer.feed_forward(layer.attention(ours, ours, mask_BL))  # type: ignore[operator, union-attr]
        theirs = transformers.BertModel.from_pretrained(bert).eval()(text_BL, mask_BL.long()).last_hidden_state
    torch.testing.assert_close(ours[mask_BL], theirs[mask_BL], rtol=0, atol=1e-5)


def test_both_together_leave_cross_attention_projections_and_matching_new(
    vit: Path, bert: Path, pupil: Learner, network: Network
) -> None:
    origin = load(pupil, network, image=vit, text=bert)
    new = {".".join(name.split(".")[:2]) for name in origin["new"] if "cross_attention" not in name}
    assert new == {
        *("encoder.image_projection", "encoder.text_projection", "encoder.temperature", "heads.itm_in_batch")
    }
    assert sum("cross_attention" in name for name in origin["new"]) == NUM_FUSION_LAYERS * 10
    assert "heads.mlm.decoder.bias" in origin["loaded"]
    assert {name for name in origin["dropped"] if "pooler" in name and name.endswith("weight")} == {
        *("bert.pooler.dense.weight", "vit.pooler.dense.weight")
    }


def as_safetensors(tensors: dict[str, Tensor], folder: Path) -> Path:
    save_file(tensors, folder / "deit.safetensors")
    return folder / "deit.safetensors"


def as_deit_has_it(tensors: dict[str, Tensor], folder: Path) -> Path:
    torch.save({"model": tensors}, folder / "deit.pth")
    return folder / "deit.pth"


@pytest.mark.parametrize("write", [as_safetensors, as_deit_has_it])
def test_a_file_by_timms_names_gives_the_same_weights(
    write: Callable[[dict[str, Tensor], Path], Path], vit: Path, pupil: Learner, network: Network, tmp_path: Path
) -> None:
    load(pupil, network, image=vit)
    ours = {name: tensor.clone() for name, tensor in pupil.state_dict().items()}
    pupil.encoder.vision.norm.weight.data.zero_()  # type: ignore[union-attr, operator]
    origin = load(pupil, network, image=write(to_timm(vit), tmp_path))
    assert origin["dropped"] == ["head.bias", "head.weight"]
    assert all(torch.equal(tensor, pupil.state_dict()[name]) for name, tensor in ours.items())


def test_positions_are_resized_to_the_pictures_and_that_of_cls_is_kept(
    transformers: Any, pupil: Learner, network: Network, tmp_path: Path
) -> None:
    config = transformers.ViTConfig(
        **SIZES, num_hidden_layers=NUM_IMAGE_LAYERS, image_size=12, patch_size=4, layer_norm_eps=1e-6
    )
    folder = saved(transformers.ViTModel(config), tmp_path / "vit")
    load(pupil, network, image=folder)
    theirs_ND = load_file(folder / "model.safetensors")["embeddings.position_embeddings"][0]
    ours_ND = pupil.state_dict()["encoder.vision.positions.weight"]
    assert torch.equal(ours_ND[0], theirs_ND[0])
    for channel in range(16):
        square = theirs_ND[1:, channel].view(1, 1, 3, 3)
        expected = functional.interpolate(square, size=(2, 2), mode="bicubic", align_corners=False).flatten()
        torch.testing.assert_close(ours_ND[1:, channel], expected)
    with torch.no_grad():
        peer = transformers.ViTModel.from_pretrained(folder).eval()
        theirs = peer(pictures(), interpolate_pos_encoding=True).last_hidden_state
    torch.testing.assert_close(image_states(pupil, network, pictures()), theirs, rtol=0, atol=1e-5)


def _set(**fields: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **fields}))

    return change


def _changed(change: Callable[[dict[str, Tensor]], None]) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return rewrite


def _without_a_layer(tensors: dict[str, Tensor]) -> None:
    for name in [name for name in tensors if "layer.1." in name]:
        del tensors[name]


def _with_one_more(tensors: dict[str, Tensor]) -> None:
    name = next(name for name in tensors if "layer.0.output.dense.bias" in name)
    tensors[name.replace("layer.0", "layer.9")] = tensors[name].clone()


def _with_a_second_token(tensors: dict[str, Tensor]) -> None:
    tensors["embeddings.position_embeddings"] = torch.zeros(1, 7, 16)


@pytest.mark.parametrize(
    ("part", "change", "found"),
    [
        ("image", _set(hidden_size=32), "32"),
        ("image", _set(num_hidden_layers=12), "12"),
        ("image", _set(num_attention_heads=4), "4"),
        ("image", _set(patch_size=16), "16"),
        ("image", _set(model_type="deit"), "'deit'"),
        ("image", _changed(_without_a_layer), "no vit.encoder.layer.1."),
        ("image", _changed(_with_one_more), "vit.encoder.layer.9."),
        ("image", _changed(_with_a_second_token), "7 positions"),
        ("text", _set(num_hidden_layers=4), "4"),
        ("text", _set(hidden_size=32), "32"),
        ("text", _set(vocab_size=15), "15"),
        ("text", _set(model_type="vit"), "'vit'"),
        ("text", _changed(_without_a_layer), "no bert.encoder.layer.1."),
    ],
)
def test_what_does_not_fit_is_refused(
    part: str, change: Callable[[Path], None], found: str, vit: Path, bert: Path, pupil: Learner, network: Network
) -> None:
    given = {"image": vit, "text": bert}[part]
    change(given)
    with pytest.raises(UserError) as caught:
        load(pupil, network, **{part: given})
    assert found in caught.value.found
    assert str(given) in caught.value.where


def test_a_file_of_another_width_or_with_other_layers_is_refused(
    vit: Path, pupil: Learner, network: Network, tmp_path: Path
) -> None:
    tensors = to_timm(vit)
    with pytest.raises(UserError, match=r"blocks\.7\."):
        load(pupil, network, image=as_safetensors({**tensors, "blocks.7.norm1.bias": torch.zeros(16)}, tmp_path))
    lacking = {name: tensor for name, tensor in tensors.items() if name != "blocks.1.mlp.fc1.weight"}
    with pytest.raises(UserError, match=r"no blocks\.1\.mlp\.fc1\.weight"):
        load(pupil, network, image=as_safetensors(lacking, tmp_path))
    with pytest.raises(UserError, match=r"\(1, 24\)"):
        load(pupil, network, image=as_safetensors({**tensors, "cls_token": torch.zeros(1, 1, 24)}, tmp_path))
