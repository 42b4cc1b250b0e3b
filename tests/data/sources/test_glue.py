"""GLUE's files and pictures by class: what a row becomes, whose split it has, and what is no such file."""

from collections import Counter

import pytest

from data.errors import SourceError
from data.records import ImageRecord, QuestionRecord
from data.sources import all_sources
from tests.data.sources.files_with_questions import MNLI_COLUMNS, as_table


def _reasons(rejections):
    return [(rejection.record, rejection.field, rejection.reason) for rejection in rejections]


def test_sst2s_labels_are_words_and_quotation_marks_mean_nothing(whole_files, read_all):
    records, rejections = read_all("sst2", "sentences", whole_files["sst2"], "train.tsv")
    assert rejections == []
    assert [(record.question_id, record.text, record.answers) for record in records] == [
        ("sst2:train-0", 'a "very" good film', ("positive",)),
        ("sst2:train-1", "dull", ("negative",)),
    ]
    assert all(record.image_ids == () and record.second == "" for record in records)


def test_mnlis_columns_are_found_by_name_in_any_order(whole_files, read_all):
    records, _ = read_all("mnli", "sentences", whole_files["mnli"], "dev_matched.tsv")
    assert records[0] == QuestionRecord(
        question_id="mnli:dev_matched-0",
        image_ids=(),
        text="A dog barks.",
        second="It is quiet.",
        answers=("contradiction",),
        kind="fiction",
        split="test",
    )
    shuffled = as_table(
        ("gold_label", "sentence2", "sentence1", "genre"), ("neutral", "It is a cat.", "It is.", "letters")
    )
    (record,), _ = read_all("mnli", "sentences", shuffled.encode(), "dev_mismatched.tsv")
    assert (record.text, record.second, record.kind) == ("It is.", "It is a cat.", "letters")


def test_stsbs_scores_are_kept_as_they_are_written(whole_files, read_all):
    records, _ = read_all("stsb", "sentences", whole_files["stsb"], "dev.tsv")
    assert [(record.answers, record.kind) for record in records] == [
        (("4.500",), "main-news"),
        (("0.000",), "main-forums"),
    ]


@pytest.mark.parametrize(
    ("name", "split"),
    [("dev.tsv", "test"), ("dev_matched.tsv", "test"), ("MNLI-dev.tsv", "test"), ("Validation.tsv", "test")],
)
def test_the_dev_file_is_the_test_split(name, split, whole_files, read_all):
    records, _ = read_all("sst2", "sentences", whole_files["sst2"], name)
    assert {record.split for record in records} == {split}


def test_a_share_of_the_training_rows_is_for_validation_and_pairs_of_one_first_sentence_stay_together(read_all):
    row = ("0", "0", "x", "", "first {}", "second", "", "neutral")
    rows = [[value.format(number // 3) for value in row] for number in range(3000)]
    records, _ = read_all("mnli", "sentences", as_table(MNLI_COLUMNS, *rows).encode(), "train.tsv")
    splits = {}
    for record in records:
        splits.setdefault(record.text, set()).add(record.split)
    assert all(len(found) == 1 for found in splits.values())
    counts = Counter(next(iter(found)) for found in splits.values())
    assert set(counts) == {"train", "validation"}
    assert 30 <= counts["validation"] <= 70  # 5 % of a thousand


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("sst2", ("fine", "2"), ("line 4", "label", "none of 0, 1")),
        ("sst2", ("  ", "1"), ("line 4", "sentence", "empty text")),
        ("sst2", ("one", "1", "more"), ("line 4", "line", "not as many values as columns")),
        ("mnli", ("2", "8", "x", "", "A.", "B.", "", "-"), ("line 4", "gold_label", None)),
        ("stsb", ("2", "x", "y", "A.", "B.", "5.5"), ("line 4", "score", "not a number from 0 to 5")),
        ("stsb", ("2", "x", "y", "A.", "B.", "nan"), ("line 4", "score", "not a number from 0 to 5")),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(name, change, reason, whole_files, read_all):
    contents = whole_files[name] + ("\t".join(change) + "\n").encode()
    records, rejections = read_all(name, "sentences", contents, "train.tsv")
    assert len(records) == 2
    ((record, field, said),) = _reasons(rejections)
    assert (record, field, reason[2] or said) == (*reason[:2], said)


@pytest.mark.parametrize("name", ["sst2", "mnli", "stsb"])
def test_what_lacks_a_column_is_cut_off_or_has_no_labels_is_an_error(name, whole_files, read_all):
    with pytest.raises(SourceError, match="a first line with the columns"):
        read_all(name, "sentences", whole_files[name].replace(b"sentence", b"phrase"), "train.tsv")
    with pytest.raises(SourceError, match="a last line that is whole"):
        read_all(name, "sentences", whole_files[name][:-1], "train.tsv")
    with pytest.raises(SourceError, match="never published"):
        read_all(name, "sentences", whole_files[name], "test.tsv")
    with pytest.raises(SourceError, match="no sentence"):
        read_all(name, "sentences", b"", "train.tsv")


def test_classes_of_a_list_name_images_by_id_or_file(whole_files, read_all):
    records, rejections = read_all("image_class_list", "classes", whole_files["image_class_list"])
    assert rejections == []
    assert [(record.question_id, record.text, record.answers) for record in records] == [
        ("coco:42", "", ("red",)),
        ("birds:17", "", ("wren tit",)),
    ]


def test_bad_lines_of_a_list_of_classes_are_rejected(whole_files, read_all):
    contents = whole_files["image_class_list"] + b"birds:18\nwhat?\tred\nbirds:19\t \n"
    _, rejections = read_all("image_class_list", "classes", contents)
    assert [reason for _, _, reason in _reasons(rejections)] == [
        "no tab between image and class",
        "image id of unknown form",
        "empty text",
    ]
    with pytest.raises(SourceError, match="cut off"):
        read_all("image_class_list", "classes", whole_files["image_class_list"][:-2])


@pytest.fixture
def make_folder(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        return tmp_path / "pictures"

    return make


def _read(name, content, path):
    rejections = []
    return list(all_sources()[name].reads[content](path, rejections.append)), rejections


def test_a_pictures_class_is_the_first_folder_that_it_lies_in(make_folder):
    folder = make_folder("cat/1.jpg", "dog/1.JPEG", "dog/old/2.png")
    images, rejections = _read("image_classes_test", "images", folder)
    rows, _ = _read("image_classes_test", "classes", folder)
    assert rejections == []
    assert [row.answers for row in rows] == [("cat",), ("dog",), ("dog",)]
    assert [image.file_name for image in images] == ["cat/1.jpg", "dog/1.JPEG", "dog/old/2.png"]
    assert [row.image_ids for row in rows] == [(image.image_id,) for image in images]
    assert len({image.image_id for image in images}) == 3
    assert images[0] == ImageRecord(
        image_id=images[0].image_id, file_name="cat/1.jpg", width_px=None, height_px=None, split="test"
    )


def test_of_pictures_to_train_on_a_share_is_for_validation(make_folder):
    images, _ = _read("image_classes_train", "images", make_folder(*(f"cat/{number}.jpg" for number in range(300))))
    counts = Counter(image.split for image in images)
    assert set(counts) == {"train", "validation"}
    assert 15 <= counts["validation"] <= 45  # 10 % of 300


def test_what_is_no_picture_of_a_class_is_rejected_and_hidden_files_are_passed_over(make_folder):
    folder = make_folder("cat/1.jpg", "2.jpg", "cat/notes.txt", "cat/.DS_Store")
    images, rejections = _read("image_classes_train", "images", folder)
    assert len(images) == 1
    assert _reasons(rejections) == [
        ("2.jpg", "file", "in no class's folder"),
        ("cat/notes.txt", "file", "not called like a picture"),
    ]


@pytest.mark.parametrize("content", ["images", "classes"])
@pytest.mark.parametrize("names", [(), ("1.jpg",), ("cat/notes.txt",)])
def test_a_folder_without_a_picture_of_a_class_is_an_error_that_names_the_setting(
    content, names, make_folder, tmp_path
):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(SourceError, match="a folder for each class") as refused:
        _read("image_classes_test", content, make_folder(*names))
    assert "image_classes_test" in refused.value.way_out


def test_a_file_or_nothing_in_the_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    for path in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(SourceError, match="a folder that can be read"):
            _read("image_classes_train", "images", path)
