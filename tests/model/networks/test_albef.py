from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from data.errors import UserError
from model.exercise import Shown
from model.heads import TiedDecoder
from model.initialise import initialise
from model.networks.albef import Albef, build
from model.specs import Network
from tests.model.tiny import TOKENS

NUM_PATCHES = 4


def network(**changes: Any) -> Network:
    sizes: dict[str, Any] = {
        "name": "albef",
        "hidden_size": 16,
        "num_layers": 3,
        "num_heads": 2,
        "intermediate_size": 32,
        "max_positions": 12,
        "dropout_rate": 0.0,
        "num_regions": NUM_PATCHES,
        "region_feature_size": 12,
        "images": "patches",
        "options": {"image_layers": 2, "fusion_layers": 2, "embedding_size": 8},
    }
    return Network(**{**sizes, **changes})


@pytest.fixture
def made() -> Albef:
    found = build(network(), tokens=TOKENS)
    initialise(found, seed=1, scheme="fan_in")
    return found.eval()


def shown(num_rows: int = 3, length: int = 5, *, padding: int = 0) -> Shown:
    generator = torch.Generator().manual_seed(2)
    text_BL = torch.randint(5, len(TOKENS), (num_rows, length), generator=generator)
    patches_BRF = torch.randn(num_rows, NUM_PATCHES, 12, generator=generator)
    text_BL = torch.cat([text_BL, torch.zeros(num_rows, padding, dtype=torch.int64)], 1)
    boxes_BR4 = torch.zeros(num_rows, NUM_PATCHES, 4)
    return Shown(text_BL=text_BL, text_mask_BL=text_BL != 0, regions_BRF=patches_BRF, boxes_BR4=boxes_BR4)


def test_at_its_published_size_it_has_209_9_million_weights() -> None:
    with torch.device("meta"):
        base = build(
            network(
                hidden_size=768,
                num_layers=12,
                num_heads=12,
                intermediate_size=3072,
                max_positions=512,
                num_regions=256,
                region_feature_size=768,
                options={},
            ),
            tokens=[str(number) for number in range(30_522)],
        )
        masked_words = TiedDecoder(768, 30_522)

    def count(*modules: torch.nn.Module) -> int:
        return sum(parameter.numel() for module in modules for parameter in module.parameters())

    assert count(base.vision) == 85_844_736
    text = count(base.embeddings, base.text_layers, base.fusion_layers, masked_words)
    assert text == 123_697_722
    projections = count(base.image_projection, base.text_projection)
    assert projections == 393_728
    matching = 768 * 2 + 2
    assert count(base, masked_words) + matching == 85_844_736 + text + projections + matching + 1 == 209_937_725


def test_padding_changes_nothing(made: Albef) -> None:
    plain, padded = made(shown()), made(shown(padding=3))
    for name in ("pooled_BD", "image_BE", "text_BE", "regions_BRD"):
        torch.testing.assert_close(getattr(padded, name), getattr(plain, name))
    torch.testing.assert_close(padded.text_BLD[:, :5], plain.text_BLD)


def test_pairs_of_the_batch_have_the_pooled_states_that_they_have_alone(made: Albef) -> None:
    together = shown()
    texts, images = torch.tensor([0, 2, 1]), torch.tensor([1, 1, 0])
    again = Shown(
        text_BL=together.text_BL[texts],
        text_mask_BL=together.text_mask_BL[texts],
        regions_BRF=together.regions_BRF[images],
        boxes_BR4=together.boxes_BR4[images],
    )
    torch.testing.assert_close(made(together).pool_pairs(texts, images), made(again).pooled_BD)


def test_image_and_text_are_compared_without_a_look_at_each_other(made: Albef) -> None:
    first, second = shown(), shown()
    second = Shown(
        text_BL=first.text_BL.flip(0),
        text_mask_BL=first.text_mask_BL,
        regions_BRF=second.regions_BRF,
        boxes_BR4=second.boxes_BR4,
    )
    torch.testing.assert_close(made(first).image_BE, made(second).image_BE)
    torch.testing.assert_close(made(first).text_BE, made(second).text_BE.flip(0))
    torch.testing.assert_close(made(first).image_BE.norm(dim=1), torch.ones(3))


def test_where_a_patch_lies_is_known(made: Albef) -> None:
    plain = shown()
    moved = Shown(
        text_BL=plain.text_BL,
        text_mask_BL=plain.text_mask_BL,
        regions_BRF=plain.regions_BRF.flip(1),
        boxes_BR4=plain.boxes_BR4,
    )
    assert not torch.allclose(made(plain).image_BE, made(moved).image_BE, atol=1e-3)


@pytest.mark.parametrize("fusion_layers", [0, 3])
def test_layers_of_both_kinds_are_needed(fusion_layers: int) -> None:
    with pytest.raises(UserError, match="fusion_layers"):
        build(network(options={"fusion_layers": fusion_layers}), tokens=TOKENS)


def test_regions_of_a_detector_stand_where_patches_do_and_their_boxes_count() -> None:
    encoder = build(network(images="regions"), tokens=TOKENS)
    initialise(encoder, seed=1, scheme="fan_in")
    given = shown()
    moved = dataclasses.replace(given, boxes_BR4=given.boxes_BR4 + 0.5)
    assert encoder(given).image_BE.shape == (3, 8)
    assert not torch.allclose(encoder(given).image_BE, encoder(moved).image_BE)
    patches = build(network(), tokens=TOKENS)
    initialise(patches, seed=1, scheme="fan_in")
    torch.testing.assert_close(patches(given).image_BE, patches(moved).image_BE)
