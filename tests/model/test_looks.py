"""Pictures in fine-tuning: altered by draws of each row where it is learnt from, whole where it is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from data.errors import UserError
from data.pictures.store import PictureStore
from model import exams, looks, plugins
from model.exams import Exam
from model.facts import Facts
from model.forms import Ask
from model.pairs import Pairs
from tests.model import tiny_pictures
from tests.model.tiny import TinySet, benchmark_row, write_benchmark
from tests.model.tiny_pictures import PLAIN, albef
from tests.model.tiny_specs import FORMS

CROPPED = {**PLAIN, "crop_scale": (0.3, 1.0), "crop_ratio": (0.5, 2.0)}
MIRRORED = {**PLAIN, "flip_rate": 1.0}
TWO_COLOURS = 1  # an image with another colour on its right than on its left


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PictureStore:
    return tiny_pictures.write(tmp_path_factory.mktemp("pictures"))


def exam(name: str, folder: Path, store: PictureStore) -> Exam:
    return exams.read(name, folder, facts=tiny_pictures.tiny_facts(store), max_length=12, sees="pair")


def seen(pairs: Pairs) -> torch.Tensor:
    """What each pair shows of its image, (P, R, F)."""
    return pairs.regions_IRF[pairs.image_P]


def asks(name: str, here: Exam) -> Ask:
    form = plugins.load("forms", FORMS[name].name).build(
        FORMS[name].options,
        network=albef(),
        facts=here.facts,
        num_images=here.benchmark.num_images,
        num_answers=len(here.answers),
        trained={},
    )
    ask: Ask = form.asks(here, here.questions("train"), seed=1)
    return ask


@pytest.mark.parametrize("name", ["vqa", "nlvr2", "retrieval"])
def test_a_view_that_alters_nothing_shows_what_is_judged(name: str, tiny: TinySet, store: PictureStore) -> None:
    whole = exam(name, tiny.benchmark(name), store)
    rows_B = np.array([3, 0, 17, 2])
    judged, learnt = (asks(name, each)(rows_B, 0) for each in (whole, whole.for_training(PLAIN, seed=1)))
    torch.testing.assert_close(seen(learnt), seen(judged))
    torch.testing.assert_close(learnt.boxes_IR4[learnt.image_P], judged.boxes_IR4[judged.image_P])
    assert torch.equal(learnt.text_P, judged.text_P)


@pytest.mark.parametrize("name", ["vqa", "nlvr2", "retrieval"])
def test_a_row_sees_its_images_in_the_same_way_whatever_else_is_in_the_batch(
    name: str, tiny: TinySet, store: PictureStore
) -> None:
    ask = asks(name, exam(name, tiny.benchmark(name), store).for_training(CROPPED, seed=1))
    many, alone, later = ask(np.array([9, 2, 3]), 4), ask(np.array([2]), 4), ask(np.array([2]), 5)
    per_row = len(alone.image_P)
    assert torch.equal(seen(many)[per_row : 2 * per_row], seen(alone))
    assert not torch.equal(seen(later), seen(alone))


def test_two_rows_of_an_image_and_two_images_of_a_row_have_draws_of_their_own(
    tiny: TinySet, store: PictureStore
) -> None:
    questions = exam("nlvr2", tiny.nlvr2, store).questions("train")
    images_B2 = questions.images_NM[:2]  # two statements on the same two images
    assert images_B2.tolist() == [images_B2[0].tolist()] * 2
    found = looks.of(
        questions,
        store=tiny_pictures.tiny_facts(store).store,
        answers=("False", "True"),
        rows_B=np.array([1, 0]),
        texts_P=np.array([1, 1, 0, 0]),
        images_P=images_B2.ravel(),
    )
    assert found.images_I.tolist() == images_B2.ravel().tolist()
    assert found.look_P.tolist() == [2, 3, 0, 1]
    assert len(set(found.keys_I.tolist())) == 4


def test_an_image_is_mirrored_unless_a_text_beside_it_or_its_answer_says_left_or_right(
    tmp_path: Path, store: PictureStore
) -> None:
    said: list[dict[str, Any]] = [
        {"text": "what is this"},
        {"text": "what is on the left"},
        {"text": "where is it", "target_ids": [1], "target_scores": [0.3]},
        {"text": "where is it", "target_ids": [0], "target_scores": [1.0]},
    ]
    rows = [benchmark_row(f"vqa:{number}", (TWO_COLOURS,), **each) for number, each in enumerate(said)]
    whole = exam("vqa", write_benchmark(tmp_path, rows, ("cat", "right side")), store)
    rows_B = np.arange(4)
    as_it_is = seen(asks("vqa", whole)(rows_B, 0))
    shown = seen(asks("vqa", whole.for_training(MIRRORED, seed=1))(rows_B, 0))
    mirrored = shown[:, [1, 0, 3, 2]]  # patches of one colour each: these change places
    is_kept = [torch.equal(shown[row], as_it_is[row]) for row in rows_B]
    assert is_kept == [False, True, True, False]
    torch.testing.assert_close(mirrored[[0, 3]], as_it_is[[0, 3]])


def test_a_wrong_text_that_says_left_keeps_the_image_beside_it_as_well(tmp_path: Path, store: PictureStore) -> None:
    rows = [
        benchmark_row(f"flickr30k:{number}", (number,), text=text) for number, text in enumerate(("a dog", "left", "a"))
    ]
    questions = exam("retrieval", write_benchmark(tmp_path, rows, ()), store).questions("train")
    found = looks.of(
        questions,
        store=tiny_pictures.tiny_facts(store).store,
        answers=(),
        rows_B=np.array([0, 2]),
        texts_P=np.array([0, 0, 0, 1, 2, 2, 2, 0]),  # the fourth pair: the image of row 0 with the text of row 1
        images_P=np.array([0, 5, 6, 0, 2, 0, 6, 2]),
    )
    assert found.look_P.tolist() == [0, 1, 2, 0, 4, 3, 5, 4]
    assert found.may_flip_I.tolist() == [False, True, True, True, True, True]


def test_who_sees_the_text_alone_has_no_picture_decoded(tiny: TinySet, store: PictureStore) -> None:
    blind = exams.read("vqa", tiny.vqa, facts=tiny_pictures.tiny_facts(store), max_length=12, sees="text")
    pairs = asks("vqa", blind.for_training(CROPPED, seed=1))(np.array([3, 0]), 0)
    assert len(pairs.regions_IRF) == 1
    assert not pairs.regions_IRF.any()


def test_regions_have_no_view(tiny: TinySet, tiny_facts: Facts) -> None:
    of_regions = exams.read("vqa", tiny.vqa, facts=tiny_facts, max_length=12, sees="pair")
    assert of_regions.for_training({}, seed=1).view is None
    with pytest.raises(UserError, match="only where a network sees pictures"):
        of_regions.for_training(PLAIN, seed=1)
