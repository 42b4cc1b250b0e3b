"""Texts without images and images without texts: batches, what is made of them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.errors import UserError
from data.progress import silent
from model import train
from model.batch import Batch
from model.exercise import dress
from model.facts import Facts
from model.regions import Features, features
from model.specs import Corruption, Objective, Order, Stream
from tests.model import tiny_kinds, tiny_pictures
from tests.model.test_ordered_training import KilledError, killing, results
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_network, tiny_stage

Write = Callable[[Path], Path]
KINDS: dict[str, Write] = {"text": tiny_kinds.write_texts, "image": tiny_kinds.write_images}
SHAPES = {"text": (12, 0), "image": (0, 4)}


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return tiny_pictures.tiny_facts(tiny_pictures.write(tmp_path / "pictures"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_has_no_place_for_what_its_rows_lack(kind: str, facts: Facts, tmp_path: Path) -> None:
    batch = tiny_kinds.clean(KINDS[kind](tmp_path), kind, facts)
    length, num_pieces = SHAPES[kind]
    assert batch.text_BL.shape == batch.masked_words_BL.shape == (3, length)
    assert batch.sources_BR.shape == batch.triplets_BR.shape == batch.true_sources().shape == (3, num_pieces)
    assert batch.boxes_BR4.shape == (3, num_pieces, 4)
    assert batch.trimmed().text_BL.shape[1] == min(length, 7)


def dressed(batch: Batch, here: Features) -> tuple[tuple[int, ...], tuple[int, ...]]:
    shown = dress(batch, {}, here).shown
    return tuple(shown.text_BL.shape), tuple(shown.regions_BRF.shape)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_dressed_from_pictures_and_from_regions(
    kind: str, facts: Facts, tiny_facts: Facts, tmp_path: Path
) -> None:
    length, num_pieces = SHAPES[kind]
    folder = KINDS[kind](tmp_path)
    pictures = tiny_kinds.clean(folder, kind, facts)
    assert dressed(pictures, features(facts.store, "cpu")) == ((3, length), (3, num_pieces, 48))
    if kind == "text":
        assert dressed(pictures, features(tiny_facts.store, "cpu")) == ((3, length), (3, 0, 8))


def refused(stream: Stream, folder: Path, tiny: TinySet, tmp_path: Path, *, network: Any = None) -> str:
    tiny_pictures.write(tmp_path / "p")
    inputs = {**tiny.inputs(pictures=str(tmp_path / "p")), "corpora": {stream.corpus: str(folder)}}
    job = write_job(
        tmp_path / "job", spec=tiny_stage(streams=(stream,)), network=network or tiny_kinds.momo(), inputs=inputs
    )
    with pytest.raises(UserError) as error:
        train.train(str(job), silent)
    assert not (tmp_path / "job/checkpoints").exists()
    return f"{error.value.expected} / {error.value.found}"


TEXT, IMAGE = tiny_kinds.stream("text"), tiny_kinds.stream("image")
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "contrast": ("text", {"objectives": (Objective(name="itc"),)}, "the objective itc"),
    "words": ("image", {"objectives": (Objective(name="mlm"),)}, "the objective mlm"),
    "regions": ("text", {"objectives": (Objective(name="mrfr"),)}, "the objective mrfr"),
    "a mask": ("text", {"corruptions": (Corruption(name="mask_regions"),)}, "the corruption mask_regions"),
    "a view": ("text", {"view": tiny_pictures.PLAIN}, "a view of pictures"),
    "an order": ("text", {"order": Order(name="grit", options={"queue": 12, "search_space": 6})}, "the order grit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_what_is_not_there_is_refused_before_anything_is_learnt(
    name: str, tiny: TinySet, tmp_path: Path
) -> None:
    kind, changes, who = REFUSED[name]
    said = refused(tiny_kinds.stream(kind, **changes), KINDS[kind](tmp_path / "corpus"), tiny, tmp_path)
    assert who in said
    assert f"rows without {'images' if kind == 'text' else 'text'}" in said


def test_a_network_that_needs_both_is_refused(tiny: TinySet, tmp_path: Path) -> None:
    folder = tiny_kinds.write_texts(tmp_path / "corpus")
    said = refused(tiny_kinds.stream("text"), folder, tiny, tmp_path, network=tiny_network())
    assert "the network needs" in said


def test_texts_alone_in_buckets_of_one_length_train_and_go_on_after_a_kill(tiny: TinySet, tmp_path: Path) -> None:
    tiny_pictures.write(tmp_path / "p")
    folder = tiny_kinds.write_texts(tmp_path / "texts")
    inputs = {**tiny.inputs(pictures=str(tmp_path / "p")), "corpora": {"text": str(folder)}}
    spec = tiny_stage(num_steps=8, streams=(tiny_kinds.stream("text", order=Order(name="length_buckets")),))
    train.train(str(write_job(tmp_path / "whole", spec=spec, network=tiny_kinds.momo(), inputs=inputs)), silent)
    job = write_job(tmp_path / "cut", spec=spec, network=tiny_kinds.momo(), inputs=inputs, every_s=0.0)
    with pytest.raises(KilledError):
        train.train(str(job), killing(5))
    train.train(str(job), silent)
    assert results(tmp_path / "cut") == results(tmp_path / "whole")
