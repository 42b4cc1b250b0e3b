"""Distinct phrases, their parts of speech by tagger and lexicon, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data import distinct_texts, phrase_tags, tables
from data.contracts import phrase_tags as tags_contract
from data.digests import files_below
from data.errors import ContractError, UserError
from data.phrase_tags import TaggingSettings
from data.progress import silent
from data.schema import PHRASE_TAGS
from data.writers import write_parquet

GOOD = [
    {"text": "a dog", "tags": ["DET", "NOUN"], "settled_by": "tagger"},
    {"text": "dog runs", "tags": ["VERB"], "settled_by": "lexicon"},
    {"text": "net", "tags": [], "settled_by": "lexicon"},
]


def _written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    (folder / "tags").mkdir(parents=True)
    write_parquet(folder / "tags" / "part-00000.parquet", pa.Table.from_pylist(rows, PHRASE_TAGS), PHRASE_TAGS)
    return folder


def test_distinct_texts_are_sorted_by_character_and_the_empty_one_is_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [pa.array(["b", "a", "", "b"]), pa.array(["é", "a", "Z"]), pa.array([], pa.string()), pa.array(["z"])]
    monkeypatch.setattr(distinct_texts, "_SAMPLE_EVERY", 1)
    for per_range in (1, 2, 3, 1000):
        monkeypatch.setattr(distinct_texts, "_TEXTS_PER_RANGE", per_range)
        path = tmp_path / f"{per_range}.arrow"
        assert distinct_texts.write(iter(batches), path) == 5
        assert distinct_texts.read(path, range(5)).to_pylist() == ["Z", "a", "b", "z", "é"]
        assert distinct_texts.read(path, range(1, 3)).to_pylist() == ["a", "b"]
    assert distinct_texts.write(iter([]), tmp_path / "none.arrow") == 0
    assert distinct_texts.read(tmp_path / "none.arrow", range(0)).to_pylist() == []


def test_a_rule_reads_the_verbs_of_phrases_in_any_order_and_however_often_they_are_asked(tmp_path: Path) -> None:
    rows = [*GOOD, {"text": "net is up", "tags": ["NOUN", "AUX", "ADV"], "settled_by": "tagger"}]
    rows.append({"text": "was seen", "tags": ["AUX", "VERB"], "settled_by": "tagger"})
    folder = _written(tmp_path, rows)
    asked = ["net is up", "net", "dog runs", "net is up", "a dog", "was seen"]
    bits = phrase_tags.verbs_in(folder, pa.chunked_array([asked[:2], asked[2:]], pa.string()))
    assert bits.tolist() == [2, 0, 1, 2, 0, 3]  # VERB is 1, AUX is 2
    assert phrase_tags.with_verbs(folder, asked, "verb") == [False, False, True, False, False, True]
    assert phrase_tags.with_verbs(folder, asked, "verb_or_aux") == [True, False, True, True, False, True]


def test_the_contract_takes_tags_of_the_tagger_and_of_the_lexicon(tmp_path: Path) -> None:
    tags_contract.check(_written(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"text": "a cat", "tags": ["DET"], "settled_by": "tagger"}, "sorted.*a cat"),
        ({"text": "net", "tags": ["NOUN"], "settled_by": "tagger"}, "none twice"),
        ({"text": "red", "tags": [], "settled_by": "tagger"}, "at least one part of speech"),
        ({"text": "red", "tags": ["VERB", "VERB"], "settled_by": "lexicon"}, "at most one of the lexicon"),
        ({"text": "red", "tags": ["NOUN"], "settled_by": "lexicon"}, "VERB or nothing of the lexicon"),
        ({"text": "red", "tags": ["COLOUR"], "settled_by": "tagger"}, "universal parts of speech.*red"),
        ({"text": "red", "tags": ["ADJ"], "settled_by": "me"}, "tagger or lexicon"),
    ],
)
def test_the_contract_names_the_phrase_that_breaks_it(row: dict[str, Any], expected: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=f"(?s){expected}"):
        tags_contract.check(_written(tmp_path, [*GOOD, row]))


def test_the_lexicon_settles_what_it_can_and_the_tagger_the_rest_whatever_the_number_of_workers(
    small: Any, trained_on_english: Callable[[str], Path]
) -> None:
    texts = ["two cats", "people said so", "the cats are black", "a standing lamp", "two  cats"]
    model = str(trained_on_english("nltk_tagger"))
    folders = {}
    for mode, num_workers in (("exact", 1), ("lexicon_first", 1), ("lexicon_first", 2)):
        into: Path = small.empty_folder("tags")
        phrase_tags.build(
            {"vg_region_descriptions": (small.phrases({1: texts}),)},
            tagger=model,
            settings=TaggingSettings(backend="nltk_tagger", rows_per_shard=3, mode=mode),
            into=into,
            progress=silent,
            workplace=small.place(num_workers),
        )
        tags_contract.check(into)
        folders[mode, num_workers] = into
    one, two = (dict(files_below(folders["lexicon_first", number])) for number in (1, 2))
    assert {name: file.read_bytes() for name, file in one.items()} == {
        name: file.read_bytes() for name, file in two.items()
    }
    exact, first = (tables.read(folders[mode, 1] / "tags").to_pylist() for mode in ("exact", "lexicon_first"))
    assert {row["settled_by"] for row in exact} == {"tagger"}
    assert [(row["text"], row["settled_by"]) for row in first] == [
        ("a standing lamp", "tagger"),
        ("people said so", "lexicon"),
        ("the cats are black", "tagger"),
        ("two cats", "lexicon"),
    ]
    by_text = {row["text"]: row["tags"] for row in first}
    assert (by_text["people said so"], by_text["two cats"]) == (["VERB"], [])
    assert by_text["the cats are black"] == next(row["tags"] for row in exact if row["text"] == "the cats are black")
    summaries = json.loads((folders["lexicon_first", 1] / "shards.json").read_text())["tags"].values()
    assert [shard["summary"] for shard in summaries] == [{"phrases": 3, "tagged": 2}, {"phrases": 1, "tagged": 0}]


def test_a_tagger_without_a_lexicon_cannot_go_lexicon_first(small: Any, tmp_path: Path) -> None:
    settings = TaggingSettings(backend="nltk_tagger", rows_per_shard=3, mode="lexicon_first")
    with pytest.raises(UserError, match=r"lexicon\.json beside the tagger.*mode = exact"):
        phrase_tags.build(
            {"vg_region_descriptions": (small.phrases({1: ["dog"]}),)},
            tagger=str(tmp_path),
            settings=settings,
            into=small.empty_folder("tags"),
            progress=silent,
            workplace=small.place(),
        )
