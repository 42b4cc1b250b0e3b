"""Texts that no image stands beside, and pictures that no file describes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import SourceError
from data.records import ImageRecord, TextRecord
from data.sources import all_sources, image_folders, image_parquet, image_tars, text_parquet
from data.sources.own_pictures import is_own
from tests.data.sources.files_alone import MEMBERS, of_images, parquet, picture, tar
from tests.data.sources.well_formed import check
from tests.data.sources.wild import FAST, WILD


def said(records: list[TextRecord]) -> list[tuple[str, str]]:
    return [(record.document_id, record.text) for record in records]


def test_in_plain_text_without_blank_lines_each_line_is_a_document(read_all: Any) -> None:
    records, rejections = read_all("texts", "texts", b"\n\nOne  line.\r\nTwo\n\n")
    assert said(records) == [("file:1", "One line."), ("file:2", "Two")]
    assert rejections == []


def test_in_plain_text_with_blank_lines_they_end_documents(read_all: Any) -> None:
    records, _ = read_all("texts", "texts", b"One.\nTwo.\n \n\nThree.\n")
    assert said(records) == [("file:1", "One."), ("file:1", "Two."), ("file:3", "Three.")]
    assert [record.text_id for record in records] == ["file:1", "file:2", "file:3"]


@pytest.mark.parametrize("contents", [b"", b"\n\n \n", b"\x00\x01\n" * 30, b"\xff\xfe\n" * 30])
def test_what_is_no_plain_text_is_refused(contents: bytes, read_all: Any) -> None:
    with pytest.raises(SourceError) as caught:
        read_all("texts", "texts", contents)
    assert "[sources] texts" in caught.value.way_out


def test_a_line_of_plain_text_that_is_none_is_rejected(read_all: Any) -> None:
    records, rejections = read_all("texts", "texts", b"One.\nT\x00o\n\xff\nFour.\n")
    assert [record.text for record in records] == ["One.", "Four."]
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [
        ("line 2", "not a text"),
        ("line 3", "invalid UTF-8"),
    ]


def test_a_treebanks_sentences_are_texts_and_newdoc_begins_a_document(whole_files: Any, read_all: Any) -> None:
    records, rejections = read_all("text_conllu", "texts", whole_files["text_conllu"])
    assert said(records) == [
        ("file:1", "What if it rains?"),
        ("file:1", "It rains."),
        ("file:11", "Another day."),
    ]
    assert rejections == []


def test_a_treebanks_sentence_without_its_text_is_rejected_and_one_cut_off_an_error(read_all: Any) -> None:
    word = b"1\tIt\tit\tPRON\tPRP\t_\t0\troot\t_\t_\n"
    records, rejections = read_all("text_conllu", "texts", b"# text = It\n" + word + b"\n" + word + b"\n")
    assert said(records) == [("file:2", "It")]
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [("file:4", "not a text")]
    for contents in (b"# text = It\n" + word, b"# text = It\n", b"1\tIt\n\n", b"# only a comment\n"):
        with pytest.raises(SourceError):
            read_all("text_conllu", "texts", contents)


def test_a_row_of_parquet_is_a_document_and_a_line_of_it_a_text(whole_files: Any, read_all: Any) -> None:
    records, rejections = read_all("text_parquet", "texts", whole_files["text_parquet"])
    assert said(records) == [("file:0", "A line."), ("file:0", "Another line."), ("file:2", "The end.")]
    assert [record.text_id for record in records] == ["file:0.0", "file:0.1", "file:2.0"]
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [("file:1", "not a text")]


def test_the_only_column_of_texts_is_found_and_of_several_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pa.table({"content": pa.array(["One."]).dictionary_encode(), "n": [1]})))
    assert [record.text for record in text_parquet.texts(path, pytest.fail)] == ["One."]
    path.write_bytes(parquet(pa.table({"title": ["T"], "body": ["B"], "n": [1]})))
    assert [record.text for record in text_parquet.texts_in(path, pytest.fail, "body")] == ["B"]
    for column in ("", "n", "nowhere"):
        with pytest.raises(SourceError, match="text_column"):
            list(text_parquet.texts_in(path, pytest.fail, column))


def test_a_named_column_that_is_not_there_is_an_error_even_if_another_one_would_do(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(pa.table({"text": ["One."]})))
    with pytest.raises(SourceError, match="'body'"):
        list(text_parquet.texts_in(path, pytest.fail, "body"))


@FAST
@given(
    values=st.lists(st.one_of(st.none(), st.text(), st.sampled_from([w for w in WILD if type(w) is str])), min_size=1)
)
def test_whatever_the_texts_of_a_column_they_are_clean_or_rejected(values: list[str | None], tmp_path: Path) -> None:
    kept = [value if value is None else value.encode("utf-8", "ignore").decode() for value in values]
    path = tmp_path / "wild.parquet"
    path.write_bytes(parquet(pa.table({"text": pa.array(kept, pa.string())})))
    rejections: list[Any] = []
    records = list(text_parquet.texts(path, rejections.append))
    assert records or rejections
    assert len({record.document_id for record in records}) + len(rejections) == len(values)
    for record in records:
        check(record)
        assert record.text == " ".join(record.text.split()) != ""


@pytest.mark.parametrize(
    "columns", [pa.table({"text": pa.array([], pa.string())}), pa.table({"n": [1]}), pa.table({"a": [[b"x"]]})]
)
@pytest.mark.parametrize(("name", "content"), [("text_parquet", "texts"), ("image_parquet", "images")])
def test_parquet_without_rows_or_without_such_a_column_is_refused(
    columns: pa.Table, name: str, content: str, read_all: Any
) -> None:
    with pytest.raises(SourceError):
        read_all(name, content, parquet(columns))


def test_folders_of_any_depth_give_their_pictures_by_their_paths(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for name in ("cats/1.jpg", "cats/deep/er/2.PNG", "3.webp", "cats/notes.txt", "LICENSE"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / "dogs.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")  # opening it would wait for ever
    images = list(all_sources()["image_folders"].reads["images"](folder, pytest.fail))
    assert [image.file_name for image in images] == ["3.webp", "cats/1.jpg", "cats/deep/er/2.PNG"]
    for image in images:
        check(image)
        assert is_own(image.image_id)
    moved = tmp_path / "elsewhere/mine"
    moved.parent.mkdir()
    folder.rename(moved)
    assert list(all_sources()["image_folders"].reads["images"](moved, pytest.fail)) == images
    renamed = moved.rename(tmp_path / "other")
    others = {image.image_id for image in all_sources()["image_folders"].reads["images"](renamed, pytest.fail)}
    assert not others & {image.image_id for image in images}


def test_a_name_that_is_not_unicode_is_rejected_and_the_other_pictures_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg")).touch()
    rejections: list[Any] = []
    found = list(image_folders.located(tmp_path, rejections.append))
    assert [each.name for each in found] == ["a.jpg"]
    assert [rejection.reason for rejection in rejections] == ["name that is not Unicode"]
    rejections[0].record.encode()


def test_a_folder_without_pictures_and_one_that_is_not_there_are_errors(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(SourceError, match="image_folders"):
            list(image_folders.located(folder, pytest.fail))


def test_a_tar_gives_its_pictures_and_passes_over_what_stands_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "shard-000.tar"
    path.write_bytes(tar(MEMBERS))
    found = list(image_tars.located(path, pytest.fail))
    assert [each.name for each in found] == ["a/1.jpg", "a/2.png", "b/3.PNG"]
    assert [image_tars.read(path, each.place) for each in found] == [MEMBERS[each.name] for each in found]
    images = list(all_sources()["image_tars"].reads["images"](path, pytest.fail))
    assert images[0] == ImageRecord(image_id=found[0].image_id, file_name="a/1.jpg", width_px=None, height_px=None)
    path.write_bytes(tar(MEMBERS)[:700])
    assert image_tars.read(path, found[1].place) is None


def test_a_tar_cut_off_anywhere_is_an_error_but_in_the_zeros_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    whole = tar({name: MEMBERS[name] for name in ("a/1.cls", "a/2.png")})
    end = len(whole.rstrip(b"\0"))
    first_zeros = -(-end // 512) * 512 + 512
    for cut in (*range(0, first_zeros, 64), 511, 513, 1024, 1025, first_zeros - 512):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError):
            list(image_tars.located(path, pytest.fail))
    path.write_bytes(whole[:first_zeros])
    assert len(list(image_tars.located(path, pytest.fail))) == 1


def test_a_tar_with_a_broken_header_between_two_members_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    contents = bytearray(tar({"1.png": b"x", "2.png": b"y"}))
    contents[1024 + 150] ^= 1  # in the checksum of the second header
    path.write_bytes(contents)
    with pytest.raises(SourceError, match="byte 1,024"):
        list(image_tars.located(path, pytest.fail))


def test_names_that_lead_out_of_an_archive_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    path.write_bytes(tar({"../a.png": b"x", "/etc/b.png": b"x", "good.png": b"x", "c\n.png": b"x"}))
    rejections: list[Any] = []
    assert [each.name for each in image_tars.located(path, rejections.append)] == ["good.png"]
    assert {rejection.reason for rejection in rejections} == {"impossible name"}


@pytest.mark.parametrize("members", [{}, {"readme.txt": b"x"}])
def test_a_tar_without_pictures_is_refused(members: dict[str, bytes], read_all: Any) -> None:
    with pytest.raises(SourceError, match="none"):
        read_all("image_tars", "images", tar(members))


def test_pictures_in_parquet_are_read_by_row_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pictures = [picture(number) for number in range(5)]
    path.write_bytes(parquet(of_images(*pictures, None)))
    found = list(image_parquet.located(path, pytest.fail))
    assert [each.name for each in found] == [f"row {number}" for number in range(6)]
    assert [each.image_id for each in found] == sorted(each.image_id for each in found)
    for number in (4, 0, 3, 1, 2):
        assert image_parquet.read(path, found[number].place) == pictures[number]
    assert image_parquet.read(path, found[5].place) is None
    path.write_bytes(parquet(pa.table({"jpeg": pa.array(pictures[:2], pa.large_binary()), "n": [1, 2]})))
    assert image_parquet.read(path, 1) == pictures[1]
    assert image_parquet.read(path, 2) is None


def test_groups_of_rows_that_would_fill_the_memory_are_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(image_parquet, "MAX_GROUP_BYTES", 500)
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet(of_images(picture(1), picture(2))))
    with pytest.raises(SourceError, match="row_group_size"):
        list(image_parquet.located(path, pytest.fail))


def test_english_ewt_has_12544_sentences_in_540_documents(shared_data: Path) -> None:
    path = shared_data / "ud_english_ewt/en_ewt-ud-train.conllu"
    records = list(all_sources()["text_conllu"].reads["texts"](path, pytest.fail))
    assert len(records) == 12_544
    assert len({record.document_id for record in records}) == 540
