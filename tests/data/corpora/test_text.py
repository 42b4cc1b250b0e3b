from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import tables
from data.contracts.unimodal import check_texts
from data.corpora.text import TextSettings, build
from data.digests import files_below
from data.documents import TextSplits, documents
from data.errors import ContractError, SourceError, UserError
from data.progress import silent
from data.records import TextRecord
from data.schema import CORPUS
from data.writers import write_parquet

SPLITS = TextSplits(validation_rate=0.25, test_rate=0.25, seed=1)
MANY = [" ".join(["a", "red", "dog", "on", "big"][: 1 + number % 5] + ["s"] * (number // 5)) for number in range(40)]


def _settings(**changes: Any) -> TextSettings:
    whole = {"max_length": 8, "reading": "sentence", "splits": SPLITS, "bytes_per_shard": 1 << 20, **changes}
    return TextSettings(**whole)


def _build(
    small: Any, inputs: Any, files: dict[str, tuple[Path, ...]], *, num_workers: int = 1, **changes: Any
) -> Path:
    into: Path = small.empty_folder("text")
    settings = _settings(**{"max_rejected_rate": 1.0, **changes})
    build(
        files,
        vocabulary=inputs.vocabulary,
        images=inputs.images,
        settings=settings,
        into=into,
        progress=silent,
        workplace=small.place(num_workers),
    )
    check_texts(into, vocabulary=inputs.vocabulary, max_length=settings.max_length)
    return into


def _file(small: Any, text: str, name: str = "a.txt") -> Path:
    path: Path = small.folder("sources") / name
    path.write_text(text, "utf-8")
    return path


def _counts(into: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((into / "counts.json").read_text("utf-8"))
    return counts


def _rows(into: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tables.read(into / "corpus").to_pylist()
    return rows


def test_a_sentence_is_a_row_without_an_image(small: Any, inputs: Any) -> None:
    into = _build(small, inputs, {"texts": (_file(small, "A dog's  t-shirt.\nRed dogs\n"),)})
    rows = {row["text"]: row for row in _rows(into)}
    assert set(rows) == {"A dog's t-shirt.", "Red dogs"}
    row = rows["Red dogs"]
    document = next(documents([TextRecord(document_id="", text_id="", text="Red dogs")])).name
    assert row["row_id"] == f"text:{document}#000000"
    assert (row["image_id"], row["topic_ids"], row["source_ids"]) == ("", [], ["a.txt:2"])
    assert row["token_ids"] == inputs.ids("[CLS] red dog ##s [SEP]")
    assert rows["A dog's t-shirt."]["token_ids"] == inputs.ids("[CLS] a dog ' s t - [SEP]")
    assert row["split"] == SPLITS.of([document])[0]
    counts = _counts(into)
    assert counts["images"] == {"train": 0, "validation": 0, "test": 0}
    assert (sum(counts["rows"].values()), counts["read"], counts["notes"]["truncated rows"]) == (2, 2, 1)


def test_sentences_of_a_document_are_packed_and_documents_are_not_mixed(small: Any, inputs: Any) -> None:
    path = _file(small, "a dog\na red dog\non\n\na big dog\n\n")
    into = _build(small, inputs, {"texts": (path,)}, reading="packed")
    rows = sorted(_rows(into), key=lambda row: row["source_ids"])
    assert [row["text"] for row in rows] == ["a dog a red dog on", "a big dog"]
    assert rows[0]["source_ids"] == ["a.txt:1", "a.txt:2", "a.txt:3"]
    into = _build(small, inputs, {"texts": (path,)}, reading="packed", max_length=5)
    rows = [row for row in _rows(into) if row["source_ids"][0] != "a.txt:4"]
    assert [row["text"] for row in rows] == ["a dog", "a red dog", "on"]
    assert len({row["split"] for row in rows}) == 1


def test_all_three_forms_may_be_given_together(small: Any, inputs: Any) -> None:
    table = small.folder("sources") / "b.parquet"
    pq.write_table(pa.table({"body": ["a big dog\non a dog"], "title": ["red"]}), table)
    word = "1\tx\tx\tNOUN\tNN\t_\t0\troot\t_\t_\n"
    treebank = _file(small, f"# text = A red dog\n{word}\n", "c.conllu")
    files = {"texts": (_file(small, "a dog\n"),), "text_parquet": (table,), "text_conllu": (treebank,)}
    into = _build(small, inputs, files, text_column="body")
    assert {row["text"] for row in _rows(into)} == {"a dog", "a big dog", "on a dog", "A red dog"}


def test_a_document_that_is_given_twice_is_a_row_once_and_counted(small: Any, inputs: Any) -> None:
    files = {"texts": (_file(small, "a dog\nred\na dog\n"), _file(small, "red\nbig\n", "b.txt"))}
    into = _build(small, inputs, files)
    assert sorted(row["text"] for row in _rows(into)) == ["a dog", "big", "red"]
    counts = _counts(into)
    assert (counts["read"], counts["filtered"]) == (5, {"the same document before": 2})
    examples = pq.read_table(into / "filtered.parquet").to_pylist()
    assert [(row["image_id"], row["text"]) for row in examples] == [("", "a dog"), ("", "red")]


def test_what_cannot_be_a_row_is_rejected_by_reason(small: Any, inputs: Any) -> None:
    into = _build(small, inputs, {"texts": (_file(small, "a dog\n\u200b \x07\nt\0o\nred\n"),)})
    counts = _counts(into)
    assert (counts["read"], counts["rejected"]) == (4, {"empty text": 1, "not a text": 1})
    with pytest.raises(SourceError, match="TextCorpus"):
        _build(small, inputs, {"texts": (_file(small, "a dog\n\u200b\n"),)}, max_rejected_rate=0.4)


def test_captions_without_their_images_are_held_out_as_these_are(small: Any, inputs: Any) -> None:
    small.images({"coco:1": "train", "coco:2": "test", "coco:3": "train", "coco:4": "train"}, pool={"coco:3": "vqa"})
    captions = [(1, 1, "a dog"), (2, 2, "red dogs"), (3, 4, "red dogs"), (4, 3, "big"), (5, 9, "on a dog")]
    into = _build(small, inputs, {"coco_captions": (small.captions(captions),)}, texts_from="captions")
    # "red dogs" is said of a training image, too; it stays held out.
    assert {row["text"]: row["split"] for row in _rows(into)} == {"a dog": "train", "red dogs": "test"}
    counts = _counts(into)
    assert counts["rejected"] == {"image that only a benchmark lists": 1, "image not in the image table": 1}
    assert counts["filtered"] == {"the same document before": 1}


@pytest.mark.parametrize("reading", ["sentence", "packed"])
def test_neither_the_order_of_files_nor_workers_nor_shards_change_the_rows(
    small: Any, inputs: Any, reading: str
) -> None:
    first, second = _file(small, "\n".join(MANY[:25])), _file(small, "\n".join(MANY[25:]), "b.txt")
    one = _build(small, inputs, {"texts": (first, second)}, reading=reading, bytes_per_shard=200)
    assert len(tables.parts(one / "corpus")) > 2
    other = _build(small, inputs, {"texts": (second, first)}, reading=reading, bytes_per_shard=200, num_workers=2)
    assert {name: path.read_bytes() for name, path in files_below(one)} == {
        name: path.read_bytes() for name, path in files_below(other)
    }
    assert _rows(one) == _rows(_build(small, inputs, {"texts": (first, second)}, reading=reading))


def test_documents_are_split_by_what_they_say_in_the_shares_that_are_asked_for() -> None:
    names = [f"document {number}" for number in range(2_000)]
    splits = TextSplits(validation_rate=0.1, test_rate=0.2, seed=3)
    found = splits.of(names)
    assert 150 < found.count("validation") < 250
    assert 340 < found.count("test") < 460
    assert splits.of(names[::-1]) == found[::-1]
    assert TextSplits(validation_rate=0.1, test_rate=0.2, seed=4).of(names) != found
    with pytest.raises(UserError, match="validation_rate"):
        TextSplits(validation_rate=0.5, test_rate=0.5, seed=1)


def test_no_text_at_all_is_an_error_that_names_the_sources(small: Any, inputs: Any) -> None:
    with pytest.raises(UserError, match="one of text_conllu, text_parquet, texts"):
        _build(small, inputs, {})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"image_id": "coco:1"}, "no image"),
        ({"split": "testing"}, "a split"),
        ({"text": " "}, "no empty text"),
        ({"token_ids": [2, 3]}, "token_ids"),
        ({"topic_ids": [7]}, "no topics"),
        ({"source_ids": []}, "records"),
    ],
)
def test_a_row_that_breaks_the_contract_blocks_the_corpus(
    small: Any, inputs: Any, change: dict[str, Any], rule: str
) -> None:
    into = _build(small, inputs, {"texts": (_file(small, "a dog\nred\n"),)})
    part = tables.parts(into / "corpus")[0]
    first, second = pq.read_table(part).to_pylist()
    write_parquet(part, pa.Table.from_pylist([{**first, **change}, second], schema=CORPUS), CORPUS)
    with pytest.raises(ContractError, match=rule):
        check_texts(into, vocabulary=inputs.vocabulary, max_length=8)
    write_parquet(part, pa.Table.from_pylist([second, first], schema=CORPUS), CORPUS)
    with pytest.raises(ContractError, match="sorted"):
        check_texts(into, vocabulary=inputs.vocabulary, max_length=8)
