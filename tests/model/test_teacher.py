"""A teacher: how its weights follow, what its queue holds, and the loss that rests on it, by plain references."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from data.errors import UserError
from model import regions
from model.batch import Output, Taught
from model.exercise import Asked, Exercise, of_rows
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.momentum import Momentum
from model.objectives.itc_momentum import build
from model.ranks import Ranks
from model.specs import Objective, Stream
from model.teacher import Teacher
from tests.model import tiny_pictures
from tests.model.tiny import TinySet
from tests.model.tiny_specs import tiny_network

QUEUE = 15  # batches of 6 rows, of which the last has 2: 32 rows
OPTIONS = {"momentum": 0.9, "queue": QUEUE, "alpha": 0.4}


def stream(**options: Any) -> Stream:
    return Stream(
        corpus="sentence",
        max_length=12,
        batch_size=6,
        corruptions=(),
        objectives=(Objective(name="itc_momentum", options={**OPTIONS, **options}), Objective(name="itc")),
        view=tiny_pictures.PLAIN,
    )


@pytest.fixture
def exercises(tiny: TinySet, tmp_path: Path) -> tuple[Learner, list[Exercise]]:
    known = tiny_pictures.tiny_facts(tiny_pictures.write(tmp_path))
    feed = Feed(stream(), corpus=tiny.corpus, split="train", facts=known, seed=1)
    learner = Learner(tiny_pictures.albef(dropout_rate=0.0), stream().objectives, known, seed=1)
    momentum = learner.head("itc_momentum").momentum
    assert momentum is not None
    learner.teacher = Teacher(learner.encoder, momentum, batch_size=6)
    return learner, list(Exercises(feed, learner.ask, regions.features(known.store, "cpu")).batches(0))


def test_its_weights_are_a_moving_mean_and_its_queue_has_what_it_made_of_the_last_rows(
    exercises: tuple[Learner, list[Exercise]],
) -> None:
    learner, batches = exercises
    teacher = learner.teacher
    assert teacher is not None
    teacher.num_ramp_updates = 4
    optimizer = torch.optim.SGD(learner.parameters(), lr=0.1)
    plain = copy.deepcopy(learner.encoder)
    rows: list[tuple[int, Tensor, Tensor]] = []
    for step, exercise in enumerate(batches, start=1):
        optimizer.zero_grad()
        outcome = learner.outcome(exercise)
        outcome.losses_N.sum().backward()
        with torch.no_grad():
            output = plain(exercise.shown)
        (asked,) = exercise.asks["itc_momentum"]
        rows += list(zip(asked.targets_N.tolist(), output.image_BE, output.text_BE, strict=True))
        optimizer.step()
        teacher(step, [outcome])
        for mine, theirs in zip(plain.parameters(), learner.encoder.parameters(), strict=True):
            mine.data = 0.9 * mine.data + 0.1 * theirs.data
    state = teacher.state_dict()
    for name, tensor in plain.state_dict().items():
        if name in state["towers"]:
            torch.testing.assert_close(state["towers"][name], tensor)
    assert set(plain.state_dict()) - set(state["towers"]) == {
        name for name in plain.state_dict() if name.startswith("fusion_layers") or name == "temperature"
    }
    assert len(rows) == 32
    assert state["next"] == 32 % QUEUE
    in_order = torch.arange(32 - QUEUE, 32) % QUEUE  # where the last rows lie, the oldest of them first
    images, image, text = zip(*rows[-QUEUE:], strict=True)
    assert state["queue"]["images"][in_order].tolist() == list(images)
    torch.testing.assert_close(state["queue"]["image"][in_order], torch.stack(image))
    torch.testing.assert_close(state["queue"]["text"][in_order], torch.stack(text))
    assert float(state["alpha"]) == pytest.approx(0.4)


def test_its_share_of_the_targets_rises_over_the_first_epoch(exercises: tuple[Learner, list[Exercise]]) -> None:
    teacher = exercises[0].teacher
    assert teacher is not None
    teacher.num_ramp_updates = 4
    shares = [float(teacher.state_dict()["alpha"])]
    for step in range(1, 7):
        teacher(step, [])
        shares.append(float(teacher.state_dict()["alpha"]))
    assert shares == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])


def test_at_first_it_says_what_the_learner_says_and_the_loss_is_that_of_the_batch(
    exercises: tuple[Learner, list[Exercise]],
) -> None:
    learner, batches = exercises
    taught, plain = learner.losses(batches[0])
    torch.testing.assert_close(taught, plain)
    gradients = [
        torch.autograd.grad(learner.losses(batches[0])[place], learner.encoder.vision.patches.weight)[0]  # type: ignore[union-attr, arg-type]
        for place in (0, 1)
    ]
    torch.testing.assert_close(*gradients)


def asked() -> Asked:
    return of_rows(torch.tensor([4, 7]))


def outputs(*, alpha: float) -> Output:
    """Two rows of images 4 and 7, and a queue with texts of images 4 and 9 and a place without a row."""
    generator = torch.Generator().manual_seed(5)

    def drawn(number: int) -> Tensor:
        return functional.normalize(torch.randn(number, 3, generator=generator), dim=1)

    taught = Taught(
        image_NE=drawn(2),
        text_NE=drawn(2),
        images_N=torch.tensor([4, 7]),
        image_QE=drawn(3),
        text_QE=drawn(3),
        images_Q=torch.tensor([4, 9, -1]),
        alpha=torch.tensor(alpha),
    )
    nothing = torch.zeros(2, 1, 3)
    image_BE, text_BE = drawn(2).requires_grad_(), drawn(2).requires_grad_()
    return Output(
        text_BLD=nothing,
        regions_BRD=nothing,
        pooled_BD=nothing[:, 0],
        words_VD=nothing[0],
        embedded_BRD=nothing,
        alone=lambda: (image_BE, text_BE),
        temperature=torch.tensor([0.5]),
        pool_pairs=lambda texts_P, images_P: nothing[:, 0],
        taught=taught,
    )


@pytest.mark.parametrize(
    ("same_image", "compared"), [("ignored", [[0, 1, 3], [1, 0, 2, 3]]), ("negative", [[0, 1, 2, 3], [1, 0, 2, 3]])]
)
def test_the_loss_is_the_cross_entropy_with_the_own_pair_and_the_teachers_view(
    same_image: str, compared: list[list[int]], tiny_facts: Facts
) -> None:
    """`compared`: of each row what it is compared with, its own first; 2 to 4 are the queue's."""
    made = outputs(alpha=0.4)
    assert made.taught is not None
    head = build({**OPTIONS, "same_image": same_image}, network=tiny_network(), facts=tiny_facts)
    (found_N,) = head.losses((asked(),), None, made)  # type: ignore[arg-type]
    texts_ME = torch.cat([made.taught.text_NE, made.taught.text_QE])
    images_ME = torch.cat([made.taught.image_NE, made.taught.image_QE])
    for row, others in enumerate(compared):
        expected = 0.0
        for ours, theirs, among in (
            (made.image_BE, made.taught.image_NE, texts_ME),
            (made.text_BE, made.taught.text_NE, images_ME),
        ):
            shares = torch.stack([ours[row] @ among[other] / 0.5 for other in others]).softmax(0)
            seen = torch.stack([theirs[row] @ among[other] / 0.5 for other in others]).softmax(0)
            target = 0.4 * seen + 0.6 * functional.one_hot(torch.tensor(0), len(others))
            expected += float(-(target * shares.detach().log()).sum()) / 2
        assert found_N[row].item() == pytest.approx(expected, rel=1e-5)
    found_N.sum().backward()
    assert made.image_BE.grad is not None
    assert made.image_BE.grad.isfinite().all()


def test_no_gradient_reaches_the_teacher_and_its_weights_are_none_of_the_learners(
    exercises: tuple[Learner, list[Exercise]],
) -> None:
    learner, batches = exercises
    learner.losses(batches[0]).sum().backward()
    assert learner.teacher is not None
    assert not any(tensor.requires_grad for tensor in learner.teacher.state_dict()["towers"].values())
    assert not [name for name in learner.state_dict() if "teacher" in name]


def test_it_goes_on_from_its_state_to_the_bit(exercises: tuple[Learner, list[Exercise]]) -> None:
    learner, batches = exercises
    first = learner.teacher
    assert first is not None
    first(1, [learner.outcome(batches[0])])
    other = Teacher(learner.encoder, Momentum(**OPTIONS), batch_size=6)  # type: ignore[arg-type]
    other.load_state_dict(copy.deepcopy(first.state_dict()))
    for step, exercise in enumerate(batches[1:4], start=2):
        outcome = learner.outcome(exercise)
        first(step, [outcome])
        other(step, [outcome])
    for mine, theirs in zip(first.state_dict()["queue"].values(), other.state_dict()["queue"].values(), strict=True):
        assert torch.equal(mine, theirs)


def test_several_processes_a_queue_that_is_too_short_and_a_network_that_compares_nothing_are_refused(
    exercises: tuple[Learner, list[Exercise]], tiny_facts: Facts
) -> None:
    learner, _ = exercises
    with pytest.raises(UserError, match="2 processes"):
        Teacher(learner.encoder, Momentum(), batch_size=6, ranks=Ranks(rank=0, number=2))
    with pytest.raises(UserError, match="queue 5"):
        Teacher(learner.encoder, Momentum(queue=5), batch_size=6)
    with pytest.raises(UserError, match="the network albef"):
        Teacher(Learner(tiny_network(), (), tiny_facts, seed=1).encoder, Momentum(), batch_size=6)


@pytest.mark.parametrize("wrong", [{"momentum": 1.0}, {"momentum": -0.1}, {"queue": 0}, {"alpha": 1.5}])
def test_numbers_that_make_no_teacher_are_refused(wrong: dict[str, Any], tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        build({**OPTIONS, **wrong}, network=tiny_network(), facts=tiny_facts)
