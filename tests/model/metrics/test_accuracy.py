from __future__ import annotations

import pytest

from model.metrics.accuracy import accuracy
from model.metrics.consistency import consistency
from tests.model.metrics.rows import answered


def test_accuracy_is_the_share_of_published_answers_to_the_letter() -> None:
    rows = [answered("couch", "couch"), answered("sofa", "couch"), answered("Couch", "couch"), answered("", "couch")]
    assert accuracy(rows) == 25.0


def test_consistency_is_the_share_of_sets_without_a_mistake() -> None:
    # Of three sets, the first is all right, the second has one mistake among three, the third is one mistake.
    rows = [answered("True", "True", set_id="a"), answered("False", "False", set_id="a")]
    rows += [answered(answer, "True", set_id="b") for answer in ("True", "False", "True")]
    rows += [answered("True", "False", set_id="c")]
    assert consistency(rows) == pytest.approx(100 / 3)
    assert consistency(rows[::-1]) == pytest.approx(100 / 3)
    assert accuracy(rows) == pytest.approx(100 * 4 / 6)
