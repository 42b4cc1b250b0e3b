"""One encoder for words, patches and both. Rows: 3. Places: 5 word pieces, 4 patches."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from data.errors import UserError
from model.exercise import Shown
from model.initialise import initialise
from model.networks.momo import Momo, build
from model.specs import Network
from model.vit import PreNormLayer
from tests.model import tiny_kinds
from tests.model.tiny import TOKENS

NUM_PATCHES, NUM_NUMBERS, LENGTH = 4, 48, 5
TOWERS = ("shared", "separate")


def network(towers: str = "shared", **changes: Any) -> Network:
    options = {"towers": towers, "embedding_size": 8, "joint_layers": 1}
    return tiny_kinds.momo(**{"dropout_rate": 0.0, "options": options, **changes})


def made(towers: str = "shared") -> Momo:
    found = build(network(towers), tokens=TOKENS)
    initialise(found, seed=1, scheme="fan_in")
    return found.eval()


@pytest.fixture(params=TOWERS)
def momo(request: pytest.FixtureRequest) -> Momo:
    return made(request.param)


def pairs(*, padding: int = 0) -> Shown:
    generator = torch.Generator().manual_seed(2)
    text_BL = torch.randint(5, len(TOKENS), (3, LENGTH), generator=generator)
    text_BL = torch.cat([text_BL, torch.zeros(3, padding, dtype=torch.int64)], 1)
    return Shown(
        text_BL=text_BL,
        text_mask_BL=text_BL != 0,
        regions_BRF=torch.randn(3, NUM_PATCHES, NUM_NUMBERS, generator=generator),
        boxes_BR4=torch.zeros(3, NUM_PATCHES, 4),
    )


def text_alone(shown: Shown) -> Shown:
    return dataclasses.replace(shown, regions_BRF=shown.regions_BRF[:, :0], boxes_BR4=shown.boxes_BR4[:, :0])


def image_alone(shown: Shown) -> Shown:
    return dataclasses.replace(shown, text_BL=shown.text_BL[:, :0], text_mask_BL=shown.text_mask_BL[:, :0])


def test_at_the_shape_of_vit_base_it_has_110_million_weights_with_word_embeddings() -> None:
    with torch.device("meta"):
        base = build(
            network(
                hidden_size=768,
                num_layers=12,
                num_heads=12,
                intermediate_size=3072,
                max_positions=512,
                num_regions=196,
                region_feature_size=768,
                options={},
            ),
            tokens=[str(number) for number in range(30_522)],
        )

    def count(module: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    assert count(base.vision) == 85_798_656  # ViT-B/16 at 224 px without its classifier
    assert count(base.embeddings.words) == 30_522 * 768 == 23_440_896
    assert count(base.embeddings.positions) == 512 * 768 == 393_216
    types_and_norm, modalities, temperature = 4 * 768, 2 * 768, 1
    projections = 2 * (768 * 256 + 256)
    encoder = 85_798_656 + 23_440_896 + 393_216 + types_and_norm + modalities
    assert count(base) == encoder + projections + temperature == 110_031_105


def test_texts_images_and_pairs_go_through_the_same_layers() -> None:
    shared = made()
    for shown, length, num_patches in (
        (pairs(), LENGTH, NUM_PATCHES),
        (text_alone(pairs()), LENGTH, 0),
        (image_alone(pairs()), 0, NUM_PATCHES),
    ):
        shared.zero_grad()
        output = shared(shown)
        assert output.text_BLD.shape == (3, length, 16)
        assert output.regions_BRD.shape == (3, num_patches, 16)
        output.pooled_BD[:, 0].sum().backward()
        for layer in shared.repeated():
            assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in layer.parameters() if p.dim() > 1)


def test_separate_towers_are_each_taught_by_their_own_modality_alone() -> None:
    apart = made("separate")
    towers = {"text": apart.text_tower, "image": apart.vision.layers, "both": apart.joint}  # type: ignore[attr-defined]
    for shown, taught in (
        (pairs(), {"text", "image", "both"}),
        (text_alone(pairs()), {"text"}),
        (image_alone(pairs()), {"image"}),
    ):
        apart.zero_grad()
        apart(shown).pooled_BD.square().sum().backward()
        assert {name for name, tower in towers.items() if any(p.grad is not None for p in tower.parameters())} == taught


def test_padding_changes_nothing(momo: Momo) -> None:
    for change in (lambda shown: shown, text_alone):
        plain, padded = momo(change(pairs())), momo(change(pairs(padding=3)))
        torch.testing.assert_close(padded.pooled_BD, plain.pooled_BD)
        torch.testing.assert_close(padded.regions_BRD, plain.regions_BRD)
        torch.testing.assert_close(padded.text_BLD[:, :LENGTH], plain.text_BLD)
    torch.testing.assert_close(momo(pairs(padding=3)).text_BE, momo(pairs()).text_BE)


def test_a_text_that_is_all_padding_leaves_what_the_image_alone_gives() -> None:
    shown, shared = pairs(), made()
    nothing = dataclasses.replace(shown, text_mask_BL=torch.zeros_like(shown.text_mask_BL))
    torch.testing.assert_close(shared(nothing).pooled_BD, shared(image_alone(shown)).pooled_BD)
    torch.testing.assert_close(shared(nothing).regions_BRD, shared(image_alone(shown)).regions_BRD)


def test_in_a_pair_each_side_sees_the_other(momo: Momo) -> None:
    together, alone = momo(pairs()), momo(text_alone(pairs()))
    assert not torch.allclose(together.text_BLD, alone.text_BLD, atol=1e-3)
    assert not torch.allclose(together.regions_BRD, momo(image_alone(pairs())).regions_BRD, atol=1e-3)


def test_what_is_compared_is_what_each_is_alone(momo: Momo) -> None:
    shown, output = pairs(), momo(pairs())
    others = dataclasses.replace(shown, text_BL=shown.text_BL.flip(0))
    torch.testing.assert_close(momo(others).image_BE, output.image_BE)
    torch.testing.assert_close(momo(others).text_BE, output.text_BE.flip(0))
    image_BD, text_BD = momo(image_alone(shown)).pooled_BD, momo(text_alone(shown)).pooled_BD
    for projection, alone_BD, found_BE in (
        (momo.image_projection, image_BD, output.image_BE),
        (momo.text_projection, text_BD, output.text_BE),
    ):
        torch.testing.assert_close(found_BE, torch.nn.functional.normalize(projection(alone_BD), dim=-1))


@pytest.mark.parametrize("asks", [False, True])
def test_the_passes_of_each_alone_are_made_where_somebody_asks_and_once(
    asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, passes = made(), []
    plain = PreNormLayer.forward

    def counting(self: PreNormLayer, states: Tensor, mask: Tensor | None = None, **options: Any) -> Tensor:
        passes.append(tuple(states.shape))
        return plain(self, states, mask, **options)

    monkeypatch.setattr(PreNormLayer, "forward", counting)
    output = shared(pairs())
    if asks:
        assert output.image_BE.shape == output.text_BE.shape == output.image_BE.shape == (3, 8)
    expected = {(3, 1 + NUM_PATCHES + LENGTH, 16)}
    assert set(passes) == expected | ({(3, 1 + NUM_PATCHES, 16), (3, 1 + LENGTH, 16)} if asks else set())
    assert len(passes) == 2 * len(set(passes))  # of two layers


def test_what_is_compared_keeps_its_gradient_whoever_asks_first(momo: Momo) -> None:
    output = momo(pairs())
    with torch.no_grad():
        assert output.image_BE.requires_grad
    output.image_BE.sum().backward()  # type: ignore[no-untyped-call]
    assert momo.image_projection.weight.grad is not None


def test_pairs_of_the_batch_have_the_pooled_states_that_they_have_alone(momo: Momo) -> None:
    together = pairs(padding=2)
    texts, images = torch.tensor([0, 2, 1]), torch.tensor([1, 1, 0])
    again = Shown(
        text_BL=together.text_BL[texts],
        text_mask_BL=together.text_mask_BL[texts],
        regions_BRF=together.regions_BRF[images],
        boxes_BR4=together.boxes_BR4[images],
    )
    torch.testing.assert_close(momo(together).pool_pairs(texts, images), momo(again).pooled_BD)


@pytest.mark.parametrize("kind", [lambda shown: shown, text_alone, image_alone])
def test_what_is_embedded_first_is_pooled_as_in_one_pass(kind: Any, momo: Momo) -> None:
    shown: Shown = kind(pairs(padding=2))
    text_BLD = momo.embed_text(shown.text_BL, shown.text_mask_BL)
    regions_BRD = momo.embed_regions(shown.regions_BRF, shown.boxes_BR4)
    assert len(text_BLD) == len(regions_BRD) == 3
    torch.testing.assert_close(momo.pool(text_BLD, shown.text_mask_BL, regions_BRD), momo(shown).pooled_BD)


def test_a_patch_is_known_by_its_place_wherever_it_stands_in_the_row(momo: Momo) -> None:
    shown = image_alone(pairs())
    order_R = torch.tensor([2, 0, 3, 1])
    moved = dataclasses.replace(shown, regions_BRF=shown.regions_BRF[:, order_R], places_BR=order_R.expand(3, -1))
    torch.testing.assert_close(momo(moved).pooled_BD, momo(shown).pooled_BD)
    elsewhere = dataclasses.replace(shown, regions_BRF=shown.regions_BRF[:, order_R])
    assert not torch.allclose(momo(elsewhere).pooled_BD, momo(shown).pooled_BD, atol=1e-3)


def test_texts_alone_teach_nothing_of_patches_and_images_alone_nothing_of_words() -> None:
    for change, untaught in ((text_alone, "vision.patches.weight"), (image_alone, "embeddings.words.weight")):
        shared = made()
        shared(change(pairs())).pooled_BD.sum().backward()
        assert shared.get_parameter(untaught).grad is None


@pytest.mark.parametrize("wrong", [{"towers": "both"}, {"joint_layers": 0}, {"tower": "shared"}])
def test_options_that_make_no_network_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="options of the network momo"):
        build(network(options=wrong), tokens=TOKENS)
