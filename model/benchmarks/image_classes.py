"""Classes of images, after fine-tuning: folders by class, or a list of images that other sources have."""

from __future__ import annotations

from collections.abc import Sequence

from data.answers import exact_target
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"images": {"accuracy": accuracy(answered)}}


BENCHMARK = Benchmark(
    title="Image classes",
    about="Name the class of an image. No text is shown.",
    address="https://www.image-net.org",
    sources=(("image_classes_train", "image_classes_test"), ("image_class_list",)),
    content="classes",
    form=Form(name="answer", options={"loss": "cross_entropy"}),
    measure=_measure,
    main=("images", "accuracy"),
    protocol="share of test images whose likeliest class is the right one, after fine-tuning",
    answers=AnswerRule(targets=exact_target),
    num_epochs=10,  # ours: MoMo's paper does not give its own
    has_text_only=False,
)
