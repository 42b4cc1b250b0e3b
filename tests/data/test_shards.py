"""Shards survive a kill, are taken over from a damaged artifact, and are the same however they were come by."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import pytest

from data import shards, workers
from data.digests import files_below
from data.progress import silent
from data.shards import Finished, PartFiles, Workplace


@dataclass(frozen=True, kw_only=True)
class Item:
    """A word, and the file it is to be written into."""

    word: str
    path: Path


WORDS = {"part-00000": "ant", "part-00001": "bee", "part-00002": "cat", "part-00003": "dog"}


def write_word(item: Item) -> Finished:
    digest = shards.write_part(item.path, lambda path: path.write_text(item.word) and None)
    return Finished(digest=digest, summary={"letters": len(item.word)})


def fails_on_cat(item: Item) -> Finished:
    if item.word == "cat":
        raise OSError("killed")
    return write_word(item)


def build(workplace: Workplace, work: Callable[[Item], Finished] = write_word) -> PartFiles:
    shelf = PartFiles(workplace=workplace, name="words", suffix=".txt")
    items = {name: Item(word=word, path=shelf.path(name)) for name, word in WORDS.items()}
    finished = shards.build("words", items, work, shelf=shelf, workplace=workplace, progress=silent)
    into = workplace.scratch.with_name("result")
    into.mkdir()
    shards.publish({"words": (shelf, finished)}, into)
    return shelf


def texts(result: Path) -> dict[str, str]:
    return {name: path.read_text() for name, path in files_below(result)}


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


def test_a_result_holds_every_shard_and_what_is_known_of_it(scratch: Path) -> None:
    build(Workplace(scratch=scratch))
    found = texts(scratch.with_name("result"))
    assert [found[f"words/{name}.txt"] for name in WORDS] == ["ant", "bee", "cat", "dog"]
    known = json.loads(found["shards.json"])["words"]
    assert list(known) == list(WORDS)
    assert known["part-00000"]["summary"] == {"letters": 3}
    # the SHA-256 of "ant"
    assert known["part-00000"]["digest"].startswith("67a333356cdc566e")


def test_the_bytes_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    found = []
    for number in (1, 3):
        build(Workplace(scratch=tmp_path / str(number) / "scratch", num_workers=number))
        found.append(texts(tmp_path / str(number) / "result"))
    assert found[0] == found[1]


def test_what_was_finished_before_a_failure_is_kept_and_the_rest_is_built(scratch: Path) -> None:
    first = Workplace(scratch=scratch)
    with pytest.raises(OSError, match="killed"):
        build(first, fails_on_cat)
    assert first.tally["built"] == 3  # the dog was under way beside the cat
    assert shards.can_go_on(scratch)
    second = Workplace(scratch=scratch)
    build(second)
    assert second.tally == {"kept": 3, "salvaged": 0, "built": 1}


def test_a_finished_shard_whose_file_was_changed_is_built_again(scratch: Path) -> None:
    with pytest.raises(OSError, match="killed"):
        build(Workplace(scratch=scratch), fails_on_cat)
    (scratch / "words" / "part-00001.txt").write_text("boo")
    second = Workplace(scratch=scratch)
    build(second)
    assert second.tally == {"kept": 2, "salvaged": 0, "built": 2}
    assert texts(scratch.with_name("result"))["words/part-00001.txt"] == "bee"


@pytest.mark.parametrize("torn", ['{"name": "part-00', "\x00\x00", '{"name": "part-00003"}', "[]"])
def test_a_line_that_a_kill_cut_off_is_passed_over_and_does_not_swallow_the_next(scratch: Path, torn: str) -> None:
    with pytest.raises(OSError, match="killed"):
        build(Workplace(scratch=scratch), fails_on_cat)
    with (scratch / "words.ledger").open("a") as file:
        file.write(torn)
    second = Workplace(scratch=scratch)
    build(second)
    assert second.tally == {"kept": 3, "salvaged": 0, "built": 1}
    third = Workplace(scratch=scratch)
    (scratch.with_name("result")).rename(scratch.with_name("earlier"))
    build(third)
    assert third.tally == {"built": 0, "kept": 4, "salvaged": 0}


@pytest.mark.parametrize("damage", [lambda path: path.write_text("boo"), lambda path: path.unlink()])
def test_only_the_damaged_shard_of_an_artifact_is_built_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    build(Workplace(scratch=tmp_path / "first" / "scratch"))
    whole = texts(tmp_path / "first" / "result")
    damage(tmp_path / "first" / "result" / "words" / "part-00001.txt")
    second = Workplace(scratch=tmp_path / "second" / "scratch", damaged=tmp_path / "first" / "result")
    build(second)
    assert second.tally == {"kept": 0, "salvaged": 3, "built": 1}
    assert texts(tmp_path / "second" / "result") == whole


@pytest.mark.parametrize("text", ["", "{", "[]", '{"words": {"part-00000": {"size": 3}}}', '{"words": 3}'])
def test_where_the_list_of_shards_is_damaged_all_are_built_again(tmp_path: Path, text: str) -> None:
    build(Workplace(scratch=tmp_path / "first" / "scratch"))
    (tmp_path / "first" / "result" / shards.FILE_NAME).write_text(text)
    second = Workplace(scratch=tmp_path / "second" / "scratch", damaged=tmp_path / "first" / "result")
    build(second)
    assert second.tally == {"kept": 0, "salvaged": 0, "built": 4}


def test_workers_come_from_whatever_executor_is_given(scratch: Path) -> None:
    asked: list[int] = []

    def engine(num_workers: int) -> Executor:
        asked.append(num_workers)
        return workers.Inline()

    build(Workplace(scratch=scratch, num_workers=8, executor=engine))
    assert asked == [4]  # no more than there are shards


def test_an_unfinished_part_never_has_the_name_of_a_finished_one(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_text("ha")
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        shards.write_part(tmp_path / "part-00000.txt", half)
    assert list(tmp_path.iterdir()) == []
