"""Classes of images by their nearest neighbours among what the frozen encoder makes of the training images."""

from __future__ import annotations

from collections.abc import Sequence

from data.answers import exact_target
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"images": {"accuracy": accuracy(answered)}}


BENCHMARK = Benchmark(
    title="Image classes, k-NN",
    about="Name the class of an image by the training images that the encoder finds most like it. No text is shown.",
    address="https://www.image-net.org",
    sources=(("image_classes_train", "image_classes_test"), ("image_class_list",)),
    content="classes",
    form=Form(name="nearest"),
    measure=_measure,
    main=("images", "accuracy"),
    protocol="share of test images whose likeliest class is the right one; nothing is trained",
    answers=AnswerRule(targets=exact_target),
    is_frozen=True,
    has_text_only=False,
)
