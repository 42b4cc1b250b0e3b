"""Contrastive objectives and negatives of the batch, worked out by hand on three pairs; the last two share an image."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from model import plugins
from model.batch import Output
from model.contrast import compare
from model.exercise import Asked, of_rows
from model.facts import Facts
from model.objectives.itm_in_batch import ItmInBatch
from tests.model.tiny_specs import tiny_network

IMAGES = torch.tensor([4, 7, 7])
# Each image with each text, at a temperature of 1/2: twice as much.
ALIKE = torch.tensor([[1.0, 0.0, -1.0], [0.5, 1.0, 2.0], [0.0, 0.5, 1.0]])


def asked() -> Asked:
    return of_rows(IMAGES)


def output(
    pairs: list[tuple[list[int], list[int]]] | None = None, *, images_BE: Tensor = ALIKE, **changes: Any
) -> Output:
    """Texts are the axes, so that the likeness of image and text is a number of the image."""
    image_BE, text_BE = images_BE.clone().requires_grad_(), torch.eye(3, requires_grad=True)

    def pool_pairs(texts_P: Tensor, images_P: Tensor) -> Tensor:
        if pairs is not None:
            pairs.append((texts_P.tolist(), images_P.tolist()))
        return torch.stack([texts_P, images_P], 1).float()

    parts: dict[str, Any] = {
        "text_BLD": torch.zeros(3, 1, 2),
        "regions_BRD": torch.zeros(3, 1, 2),
        "pooled_BD": torch.zeros(3, 2, requires_grad=True),
        "words_VD": torch.zeros(1, 2),
        "embedded_BRD": torch.zeros(3, 1, 2),
        "alone": lambda: (image_BE, text_BE),
        "temperature": torch.tensor(0.5),
        "pool_pairs": pool_pairs,
    }
    return Output(**{**parts, **changes})


def losses(name: str, made: Output, facts: Facts, **options: Any) -> Tensor:
    head = plugins.load("objectives", name).build(options, network=tiny_network(hidden_size=2), facts=facts)
    (losses_N,) = head.losses((asked(),), None, made)
    found: Tensor = losses_N
    return found


def test_images_and_texts_are_compared_at_the_temperature_and_of_one_image_not_at_all() -> None:
    compared = compare(asked(), output(), ignores_same_image=True, stops_gradient=False)
    inf = math.inf
    assert compared.image_to_text_NN.tolist() == [[2.0, 0.0, -2.0], [1.0, 2.0, -inf], [0.0, -inf, 2.0]]
    assert compared.text_to_image_NN.tolist() == [[2.0, 1.0, 0.0], [0.0, 2.0, -inf], [-2.0, -inf, 2.0]]


def test_each_direction_teaches_the_side_it_starts_from_alone() -> None:
    made = output()
    compare(asked(), made, ignores_same_image=False, stops_gradient=True).image_to_text_NN.sum().backward()
    assert made.image_BE.grad is not None
    assert made.text_BE.grad is None


def test_itc_is_the_mean_cross_entropy_of_both_directions(tiny_facts: Facts) -> None:
    found = losses("itc", output(), tiny_facts)
    first = (math.log(math.exp(2) + 1 + math.exp(-2)) - 2 + math.log(math.exp(2) + math.exp(1) + 1) - 2) / 2
    second = (math.log(math.exp(1) + math.exp(2)) - 2 + math.log(1 + math.exp(2)) - 2) / 2
    assert found[:2].tolist() == pytest.approx([first, second])
    published = losses("itc", output(), tiny_facts, same_image="negative")
    assert published[1] > found[1]  # its own image's other text is held against it


def test_consistency_is_least_where_both_directions_agree(tiny_facts: Facts) -> None:
    found = losses("consistency", output(), tiny_facts)
    images = torch.tensor([2.0, 0.0, -2.0]).softmax(0)
    texts = torch.tensor([2.0, 1.0, 0.0]).softmax(0)
    first = -(texts * images.log() + images * texts.log()).sum() / 2
    assert found[0].item() == pytest.approx(first.item())
    symmetric = output(images_BE=torch.eye(3))
    shares = torch.tensor([2.0, 0.0, 0.0]).softmax(0)
    entropy = -(shares * shares.log()).sum().item()
    assert losses("consistency", symmetric, tiny_facts)[0].item() == pytest.approx(entropy)


def test_its_targets_get_no_gradient(tiny_facts: Facts) -> None:
    made = output()
    losses("consistency", made, tiny_facts).sum().backward()
    free = ALIKE.clone().requires_grad_()
    fixed = (2 * ALIKE).masked_fill(torch.tensor([[0, 0, 0], [0, 0, 1], [0, 1, 0]]).bool(), -torch.inf)
    log_shares = (2 * free).masked_fill(fixed == -torch.inf, -torch.inf).log_softmax(1)
    loss = -(fixed.T.softmax(1) * log_shares.masked_fill(fixed == -torch.inf, 0.0)).sum() / 2
    loss.backward()
    assert made.image_BE.grad is not None
    assert free.grad is not None
    torch.testing.assert_close(made.image_BE.grad, free.grad)


@pytest.mark.parametrize(
    ("same_image", "pairs"),
    [
        # Image 0 is most like text 1; images 1 and 2 may only have text 0. Text 0 is most like image 1; texts 1 and 2
        # may only be shown image 0.
        ("ignored", ([1, 0, 0, 0, 1, 2], [0, 1, 2, 1, 0, 0])),
        # Image 1 is most like text 2, image 2 like text 1; text 1 is most like image 2, text 2 like image 1.
        ("negative", ([1, 2, 1, 0, 1, 2], [0, 1, 2, 1, 2, 1])),
    ],
)
def test_negatives_are_the_most_alike_of_the_batch(
    same_image: str, pairs: tuple[list[int], list[int]], tiny_facts: Facts
) -> None:
    asked_for: list[tuple[list[int], list[int]]] = []
    losses("itm_in_batch", output(asked_for), tiny_facts, same_image=same_image)
    assert asked_for == [pairs]


def test_drawn_negatives_come_as_often_as_they_are_alike(tiny_facts: Facts) -> None:
    torch.manual_seed(1)
    texts_of_image_0 = []
    for _ in range(2000):
        asked_for: list[tuple[list[int], list[int]]] = []
        losses("itm_in_batch", output(asked_for), tiny_facts, choice="multinomial")
        texts_of_image_0.append(asked_for[0][0][0])
    share = texts_of_image_0.count(2) / 2000  # logits 0 and -2
    assert share == pytest.approx(math.exp(-2) / (1 + math.exp(-2)), abs=0.02)


def test_a_row_has_a_third_of_the_loss_of_each_of_its_pairs_and_without_a_negative_its_own_alone(
    tiny_facts: Facts,
) -> None:
    head = ItmInBatch(2, "logistic", pick=lambda logits_NN: logits_NN.argmax(1), may_be_same_image=False)
    with torch.no_grad():
        head.linear.weight.copy_(torch.tensor([[1.0, 0.0]]))
        head.linear.bias.fill_(0.5)
    (found,) = head.losses((asked(),), None, output())  # type: ignore[arg-type]  # nothing is looked at

    def no(score: float) -> float:
        return functional.softplus(torch.tensor(score)).item()

    own = no(-0.5)  # of a pooled state of zeros
    assert found[0].item() == pytest.approx((own + no(1.5) + no(0.5)) / 3)  # text 1, and text 0 with another image
    alone = of_rows(torch.tensor([7, 7, 7]))
    (lonely,) = head.losses((alone,), None, output())  # type: ignore[arg-type]
    assert lonely.tolist() == pytest.approx([own / 3] * 3)
