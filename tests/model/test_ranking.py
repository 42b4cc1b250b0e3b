"""Which texts and images are ranked in which order, and that a killed scoring goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from model import exams, questions, ranking
from model.benchmarks import Ranked
from model.facts import Facts
from model.questions import Questions
from model.respondent import Respondent
from model.scored import Scored, Scratch
from tests.model.tiny import TinySet, benchmark_row, write_benchmark
from tests.model.tiny_specs import FORMS, tiny_network

FILE = "similarities.safetensors"


def rows(folder: Path, facts: Facts, *images: int) -> Questions:
    """A caption of each of these test images in the publisher's order, whose ids sort the other way round."""
    written = [benchmark_row(f"{9 - place}", (image,)) for place, image in enumerate(images)]
    write_benchmark(folder, written, ())
    return questions.read(folder, split="test", store=facts.store, num_images=1, num_answers=0)


def test_texts_and_images_are_ranked_in_the_order_of_the_publisher(tmp_path: Path, tiny_facts: Facts) -> None:
    found = rows(tmp_path, tiny_facts, 22, 20, 22, 23, 20, 22)
    every = ranking.candidates(found, max_texts=None)
    assert [found.row_ids[row] for row in every.rows_T] == ["9", "8", "7", "6", "5", "4"]
    assert every.images_I.tolist() == [22, 20, 23]
    assert every.image_of_text_T.tolist() == [0, 1, 0, 2, 1, 0]


def test_of_an_image_with_more_texts_the_first_are_ranked(tmp_path: Path, tiny_facts: Facts) -> None:
    two = ranking.candidates(rows(tmp_path, tiny_facts, 22, 20, 22, 23, 20, 22), max_texts=2)
    assert two.rows_T.tolist() == [5, 4, 3, 2, 1]
    assert two.image_of_text_T.tolist() == [0, 1, 0, 2, 1]


def test_the_best_texts_of_many_images_are_found_some_images_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    scores_TI = np.array([[1, 9, 2, 5], [3, 9, 1, 6], [2, 8, 7, 7], [0, 7, 7, 4]], np.float32)
    ranked = Ranked(scores_TI=scores_TI, image_of_text_T=np.arange(4))
    at_once = ranking.predictions(ranked, list("abcd"), list("wxyz"))
    assert [row["answers"] for row in at_once] == [list("bca"), list("abc"), list("cda"), list("cba")]
    assert [row["credit"] for row in at_once] == [0.0, 0.0, 1.0, 0.0]
    monkeypatch.setattr(ranking, "_IMAGES_PER_PASS", 3)
    assert ranking.predictions(ranked, list("abcd"), list("wxyz")) == at_once


def scratch(folder: Path, digest: str = "same", every_s: float = 0.0) -> Scratch:
    return Scratch(folder=folder, digest=digest, every_s=every_s)


def test_a_killed_scoring_goes_on_from_its_last_note_and_ends_with_the_same_bytes(
    tiny: TinySet, tiny_facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "_PAIRS_PER_PASS", {"cpu": 3})  # less than the images of one text
    exam = exams.read("retrieval", tiny.retrieval, facts=tiny_facts, max_length=12, sees="pair")
    pupil = Respondent(tiny_network(), FORMS["retrieval"], exam, trained={}, seed=1).eval()
    test = exam.questions("test")
    shown = ranking.candidates(test, max_texts=None)
    scored: list[int] = []

    def score(folder: Path, *, killed_after: int) -> None:
        def tell(share: float, message: str) -> None:
            scored.append(round(share * 8))
            if scored[-1] == killed_after:
                raise KeyboardInterrupt

        into = Scored(scratch(folder), num_texts=8, num_images=4)
        head = lambda pooled_PD: pupil.heads.itm_hs.match_scores(pooled_PD)  # type: ignore[union-attr,operator]  # noqa: E731
        ranking.score_all(pupil.encoder, head, exam, test, ranked=shown, most=0, into=into, progress=tell)
        into.copy(folder / "copy")

    score(tmp_path / "once", killed_after=-1)
    with pytest.raises(KeyboardInterrupt):
        score(tmp_path / "killed", killed_after=5)
    scored.clear()
    score(tmp_path / "killed", killed_after=-1)
    assert scored == [6, 7, 8]
    assert (tmp_path / "killed/copy").read_bytes() == (tmp_path / "once/copy").read_bytes()
    assert torch.isfinite(torch.from_numpy(load_file(tmp_path / "once/copy")["scores_TI"])).all()


def test_scores_of_other_work_or_without_their_note_are_not_taken(tmp_path: Path) -> None:
    def begun(digest: str = "same") -> Scored:
        return Scored(scratch(tmp_path, digest), num_texts=2, num_images=3)

    begun().put(np.array([1]), np.ones((1, 3), np.float32))
    assert begun().num_done == 1
    assert begun().scores_TI.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert begun("other").num_done == 0
    (tmp_path / FILE).write_bytes(b"cut")
    assert begun().num_done == 0
    note = json.loads((tmp_path / "scored.json").read_text("utf-8"))
    assert note["num_texts"] == 1
    (tmp_path / "scored.json").write_text("{")
    assert begun().num_done == 0


def test_a_note_is_made_only_now_and_then(tmp_path: Path) -> None:
    into = Scored(scratch(tmp_path, every_s=1000.0), num_texts=2, num_images=1)
    into.put(np.array([0]), np.ones((1, 1), np.float32))
    assert not (tmp_path / "scored.json").exists()
    into.copy(tmp_path / "copy")
    assert load_file(tmp_path / "copy")["scores_TI"].tolist() == [[1], [0]]
