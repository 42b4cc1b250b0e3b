"""LXMERT-S. Legend: B rows, L word pieces, R regions, D width."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from data.errors import UserError
from model.curricula.msp import PAPER
from model.exercise import Shown
from model.initialise import initialise
from model.networks.lxmert_s import LxmertS, build
from model.transformer import Attention, CrossModalityLayer
from tests.model.networks import plain
from tests.model.tiny import TOKENS
from tests.model.tiny_specs import tiny_network
from tests.model.worked import small_batch, small_exercise


@pytest.fixture
def network() -> LxmertS:
    return network_of()


READINGS: dict[str, dict[str, Any]] = {
    "paper": {},
    "lxmert": {"text_layers": 2, "region_layers": 1},
    "visual_cls": {"visual_cls": True},
    "product": {"visual_cls": True, "pooled": "product"},
    "word": {"positions": "word"},
    "all": {"text_layers": 1, "region_layers": 1, "visual_cls": True, "pooled": "product", "positions": "word"},
}


def network_of(**options: Any) -> LxmertS:
    net = build(tiny_network(dropout_rate=0.0, options=options), tokens=TOKENS)
    initialise(net, seed=1, scheme="fan_in")
    return net.eval()


@pytest.fixture(params=READINGS)
def read(request: pytest.FixtureRequest) -> LxmertS:
    """The network in every reading."""
    return network_of(**READINGS[request.param])


def small_shown(*, num_rows: int, length: int) -> Shown:
    batch = small_batch(num_rows=num_rows, length=length, num_regions=6, vocabulary_size=14)
    return small_exercise(batch, num_features=8).shown


def test_the_papers_encoder_has_84278784_parameters() -> None:
    with torch.device("meta"):
        net = build(PAPER.network, tokens=tuple(map(str, range(30_522))))
    assert net.encoder_parameters() == 84_278_784
    assert sum(p.numel() for p in net.layers[0].parameters()) == 16_539_648
    assert sum(p.numel() for p in net.vision.parameters()) == 1_580_544
    assert sum(p.numel() for p in net.embeddings.parameters()) == 23_837_184


@pytest.mark.parametrize(("text_layers", "region_layers", "count"), [(0, 0, 84_278_784), (9, 5, 183_508_992)])
def test_papers_count_the_layers_of_one_modality_too(text_layers: int, region_layers: int, count: int) -> None:
    options = {"text_layers": text_layers, "region_layers": region_layers}
    with torch.device("meta"):
        net = build(dataclasses.replace(PAPER.network, options=options), tokens=tuple(map(str, range(30_522))))
    assert net.encoder_parameters() == count
    assert len(list(net.repeated())) == text_layers + region_layers + 5


def test_padding_changes_nothing(read: LxmertS) -> None:
    shown = small_shown(num_rows=3, length=5)
    padded = dataclasses.replace(
        shown,
        text_BL=torch.nn.functional.pad(shown.text_BL, (0, 4), value=0),
        text_mask_BL=torch.nn.functional.pad(shown.text_mask_BL, (0, 4), value=False),
    )
    short, long = read(shown), read(padded)
    torch.testing.assert_close(long.text_BLD[:, :5], short.text_BLD, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(long.regions_BRD, short.regions_BRD, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(long.pooled_BD, short.pooled_BD, rtol=1e-5, atol=1e-6)


def test_features_are_the_means_of_what_is_embedded_without_padding_and_visual_cls(read: LxmertS) -> None:
    shown = _with_short_rows(small_shown(num_rows=4, length=6))
    output = read(shown)
    regions_BRD = read.embed_regions(shown.regions_BRF, shown.boxes_BR4)[:, -6:]
    text_BLD = read.embed_text(shown.text_BL, shown.text_mask_BL)
    assert output.image_BE is not None
    assert output.text_BE is not None
    for row in range(4):
        image_D, text_D = regions_BRD[row].mean(0), text_BLD[row][shown.text_mask_BL[row]].mean(0)
        torch.testing.assert_close(output.image_BE[row], image_D / image_D.norm())
        torch.testing.assert_close(output.text_BE[row], text_D / text_D.norm())


def test_pairs_are_as_alike_as_their_images_and_their_texts_are_on_average() -> None:
    shown = _with_short_rows(small_shown(num_rows=4, length=6))
    apart, output = network_of()(shown), network_of(compared="pair")(shown)
    assert output.image_BE is output.text_BE
    images_BB, texts_BB = apart.image_BE @ apart.image_BE.T, apart.text_BE @ apart.text_BE.T
    torch.testing.assert_close(output.image_BE @ output.text_BE.T, (images_BB + texts_BB) / 2)
    torch.testing.assert_close(output.pooled_BD, apart.pooled_BD)


def test_the_pooled_state_alone_equals_that_of_the_whole_pass(read: LxmertS) -> None:
    shown = _with_short_rows(small_shown(num_rows=4, length=6))
    text_BLD = read.embed_text(shown.text_BL, shown.text_mask_BL)
    regions_BRD = read.embed_regions(shown.regions_BRF, shown.boxes_BR4)
    pooled_BD = read.pool(text_BLD, shown.text_mask_BL, regions_BRD)
    torch.testing.assert_close(pooled_BD, read(shown).pooled_BD, rtol=1e-5, atol=1e-6)


def test_every_reading_shows_as_many_regions_as_there_are_and_learns_all_its_weights(read: LxmertS) -> None:
    output = read(small_shown(num_rows=2, length=5))
    assert output.regions_BRD.shape == (2, 6, 16)
    states = (output.text_BLD, output.regions_BRD, output.pooled_BD, output.text_BLD[:, 1] @ output.words_VD.T)
    sum(each.square().sum() for each in states).backward()  # type: ignore[union-attr]
    assert [name for name, p in read.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_visual_cls_is_a_region_of_learnt_features_at_the_box_of_the_whole_image(network: LxmertS) -> None:
    own = network_of(visual_cls=True)
    own.load_state_dict({**own.state_dict(), **network.state_dict()})
    assert own.visual_cls is not None
    shown = small_shown(num_rows=2, length=5)
    cls_F, box_4 = own.visual_cls.weight.detach()[0], torch.tensor([0.0, 0.0, 1.0, 1.0])
    more = dataclasses.replace(
        shown,
        regions_BRF=torch.cat([cls_F.expand(2, 1, -1), shown.regions_BRF], dim=1),
        boxes_BR4=torch.cat([box_4.expand(2, 1, 4), shown.boxes_BR4], dim=1),
    )
    found, expected = own(shown), network(more)
    torch.testing.assert_close(found.regions_BRD, expected.regions_BRD[:, 1:])
    torch.testing.assert_close(found.pooled_BD, expected.pooled_BD)


def test_a_product_is_of_the_poolers_of_both_cls() -> None:
    own, shown = network_of(visual_cls=True, pooled="product"), small_shown(num_rows=2, length=5)
    assert own.visual_pooler is not None
    torch.nn.init.zeros_(own.visual_pooler.weight)
    torch.nn.init.constant_(own.visual_pooler.bias, 0.5)  # tanh(0.5) = 0.4621 times the text's, whatever is seen
    expected_BD = torch.tanh(own.pooler(own(shown).text_BLD[:, 0])) * 0.46211716
    torch.testing.assert_close(own(shown).pooled_BD, expected_BD)


def test_layers_of_one_modality_do_not_see_the_other() -> None:
    own, shown = network_of(text_layers=1, region_layers=1), small_shown(num_rows=2, length=5)
    (text_layer,), (region_layer,) = own.text_layers, own.region_layers
    text_BLD = own.embed_text(shown.text_BL, shown.text_mask_BL)
    torch.testing.assert_close(text_BLD, text_layer(own.embeddings(shown.text_BL)[0], shown.text_mask_BL))
    regions_BRD = own.embed_regions(shown.regions_BRF, shown.boxes_BR4)
    torch.testing.assert_close(regions_BRD, region_layer(own.vision(shown.regions_BRF, shown.boxes_BR4)))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"pooled": "product"}, "without visual_cls"),
        ({"pooled": "mean"}, "'mean'"),
        ({"positions": "words"}, "'words'"),
        ({"text_layers": -1}, "text_layers -1"),
        ({"region_layers": True}, "region_layers True"),
        ({"visual_cls": 1}, "1"),
        ({"layers": 3}, "'layers'"),
    ],
)
def test_a_reading_that_is_none_is_refused(options: dict[str, Any], found: str) -> None:
    with pytest.raises(UserError) as caught:
        build(tiny_network(options=options), tokens=TOKENS)
    assert found in caught.value.found


def test_the_names_of_the_papers_weights_stay(network: LxmertS) -> None:
    names = {name.split(".")[0] for name in network.state_dict()}
    assert names == {"embeddings", "vision", "layers", "pooler"}


def test_features_shuffled_with_their_boxes_cannot_be_seen_and_features_alone_can(network: LxmertS) -> None:
    shown = small_shown(num_rows=2, length=5)
    order = [1, 2, 0, 3, 4, 5]
    features = dataclasses.replace(shown, regions_BRF=shown.regions_BRF[:, order])
    both = dataclasses.replace(features, boxes_BR4=shown.boxes_BR4[:, order])
    pooled_BD = network(shown).pooled_BD
    torch.testing.assert_close(network(both).pooled_BD, pooled_BD, rtol=1e-5, atol=1e-6)
    assert (network(features).pooled_BD - pooled_BD).abs().max() > 1e-4


def test_both_directions_share_one_cross_attention_and_read_the_layers_input() -> None:
    layer = CrossModalityLayer(tiny_network(dropout_rate=0.0)).eval()
    text_BLD, regions_BRD, mask_BL = torch.randn(2, 3, 16), torch.randn(2, 6, 16), torch.ones(2, 3, dtype=torch.bool)
    crossed = layer.cross_attention(regions_BRD, text_BLD, mask_BL)
    expected = layer.regions_feed_forward(layer.regions_attention(crossed, crossed))
    torch.testing.assert_close(layer(text_BLD, mask_BL, regions_BRD)[1], expected)


def test_attention_of_one_head_by_hand() -> None:
    # Keys 0 and ln 3 against a query of 1: weights 1/4 and 3/4 of the values 4 and 8, so 7; the identity does the rest.
    attention = Attention(tiny_network(hidden_size=1, num_heads=1, dropout_rate=0.0))
    for linear in (attention.query, attention.key, attention.value, attention.output):
        torch.nn.init.ones_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
    torch.nn.init.constant_(attention.query.weight, 1.0)
    torch.nn.init.constant_(attention.value.weight, 4 / torch.log(torch.tensor(3.0)).item())
    torch.nn.init.constant_(attention.value.bias, 4.0)
    attention.norm = torch.nn.Identity()  # type: ignore[assignment]
    context = torch.tensor([[[0.0], [torch.log(torch.tensor(3.0)).item()]]])
    attended = attention(torch.ones(1, 1, 1), context)
    torch.testing.assert_close(attended, torch.tensor([[[7.0 + 1.0]]]))
    masked = attention(torch.ones(1, 1, 1), context, torch.tensor([[True, False]]))
    torch.testing.assert_close(masked, torch.tensor([[[4.0 + 1.0]]]))


def test_it_agrees_with_the_plain_network_in_states_and_gradients(network: LxmertS) -> None:
    shown = _with_short_rows(small_shown(num_rows=4, length=6))
    gradients = []
    for output in (network(shown), plain.forward(network, shown, num_heads=2)):
        network.zero_grad()
        states = (output.text_BLD, output.regions_BRD, output.pooled_BD, output.text_BLD[:, 1] @ output.words_VD.T)
        sum(each.square().mean() for each in states).backward()  # type: ignore[union-attr]
        gradients.append((states, {name: p.grad for name, p in network.named_parameters()}))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-5, atol=1e-5)


def _with_short_rows(shown: Shown) -> Shown:
    lengths_B1 = torch.tensor([[2], [4], [6], [3]])
    mask_BL = torch.arange(6) < lengths_B1
    return dataclasses.replace(shown, text_mask_BL=mask_BL, text_BL=shown.text_BL * mask_BL)
