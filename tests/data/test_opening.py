"""`data.open`: what a command left, as pandas, as Arrow, described, and as the stores that are no tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pytest

import data
from data.errors import UserError
from data.opening import Column, Dataset
from data.regions.store import RegionRow, write_store
from data.schema import CORPUS, FEATURE_SIZE, IMAGES, NUM_REGIONS, REJECTED
from data.writers import write_json, write_parquet


def result(root: Path, label: str) -> Path:
    """The result folder of an artifact to which `current/` leads."""
    folder = root / "store" / label.partition("-")[0] / "0123" / "result"
    folder.mkdir(parents=True)
    (root / "current").mkdir(exist_ok=True)
    (root / "current" / label).symlink_to(folder.parent)
    return folder


def corpus_rows(*texts: str) -> pa.Table:
    row = {"image_id": "coco:1", "split": "train", "token_ids": [2, 3], "topic_ids": [], "source_ids": ["1"]}
    return pa.Table.from_pylist([{"row_id": text, "text": text, **row} for text in texts], schema=CORPUS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = result(tmp_path, "PhraseCorpus")
    (folder / "corpus").mkdir()
    write_parquet(folder / "corpus" / "part-00000.parquet", corpus_rows("a cat", "a dog"), CORPUS)
    write_parquet(folder / "corpus" / "part-00001.parquet", corpus_rows("a kite"), CORPUS)
    write_parquet(folder / "rejected.parquet", REJECTED.empty_table(), REJECTED)
    write_json(folder / "counts.json", {"rows": {"train": 3}, "rejected": {"an empty caption": 2}})
    return tmp_path


def test_a_corpus_in_parts_is_one_table_for_pandas_and_arrow(root: Path) -> None:
    opened = data.open("PhraseCorpus", root)
    assert opened.path == root / "store" / "PhraseCorpus" / "0123" / "result"
    assert opened.pandas()["text"].tolist() == ["a cat", "a dog", "a kite"]
    assert opened.arrow(["row_id", "split"]).to_pydict() == {
        "row_id": ["a cat", "a dog", "a kite"],
        "split": ["train"] * 3,
    }
    assert opened.arrow(table="rejected").num_rows == 0
    assert opened.head(1)["text"].to_pylist() == ["a cat"]
    assert opened.head(3)["text"].to_pylist() == ["a cat", "a dog", "a kite"]  # of both parts
    assert opened.head(0).num_rows == 0


def test_it_describes_counts_columns_with_their_units_and_files(root: Path) -> None:
    described = data.open("PhraseCorpus", root).describe()
    assert described.counts == {"rows": {"train": 3}, "rejected": {"an empty caption": 2}}
    corpus, rejected = described.tables
    assert (corpus.name, corpus.num_rows) == ("corpus", 3)
    assert corpus.about == {"sorted_by": "image_id, row_id"}
    columns = {column.name: column for column in corpus.columns}
    assert columns["text"] == Column(name="text", type="string", about="")
    assert columns["token_ids"].about == "word pieces from [CLS] to [SEP], lines of vocab.txt"
    assert (rejected.name, rejected.num_rows) == ("rejected", 0)
    assert set(described.files) == {
        *("corpus/part-00000.parquet", "corpus/part-00001.parquet", "counts.json", "rejected.parquet"),
    }


def test_a_single_table_is_opened_by_the_name_of_its_file(tmp_path: Path) -> None:
    write_parquet(result(tmp_path, "ImageTable") / "images.parquet", IMAGES.empty_table(), IMAGES)
    opened = data.open("ImageTable", tmp_path)
    assert opened.tables == ("images",)
    assert opened.head(5).schema.names == IMAGES.names
    assert opened.pandas().empty


def test_a_region_store_is_opened_as_one_and_told_apart_from_a_table(tmp_path: Path) -> None:
    row = RegionRow(
        image_id="coco:1",
        height_px=4,
        width_px=3,
        boxes_R4=np.zeros((NUM_REGIONS, 4), np.float32),
        object_ids_R=np.zeros(NUM_REGIONS, np.int16),
        object_conf_R=np.zeros(NUM_REGIONS, np.float32),
        attribute_ids_R=np.zeros(NUM_REGIONS, np.int16),
        attribute_conf_R=np.zeros(NUM_REGIONS, np.float32),
        features_RF=np.ones((NUM_REGIONS, FEATURE_SIZE), np.float16),
    )
    folder = result(tmp_path, "RegionFeatures")
    write_store(folder, [row], object_names=["cat"], attribute_names=["red"])
    write_parquet(folder / "rejected.parquet", REJECTED.empty_table(), REJECTED)
    opened = data.open("RegionFeatures", tmp_path)
    assert opened.regions().image_ids.tolist() == ["coco:1"]
    features = Dataset(file="regions.h5", name="features", shape=(1, 36, 2048), type="float16")
    assert features in opened.describe().datasets
    with pytest.raises(UserError, match="which has none") as caught:
        opened.arrow()
    assert caught.value.way_out == "regions() opens its store"
    with pytest.raises(UserError, match=r"hard_negatives\.h5"):
        opened.hard_negatives()


def test_an_index_of_hard_negatives_is_loaded(tmp_path: Path) -> None:
    with h5py.File(result(tmp_path, "HardNegatives") / "hard_negatives.h5", "w") as file:
        file["image_ids"] = np.array([b"coco:1", b"coco:2"])
        file["neighbours"] = np.array([[1], [0]], np.int32)
        file["scores"] = np.array([[0.5], [0.5]], np.float32)
    opened = data.open("HardNegatives", tmp_path)
    index = opened.hard_negatives()
    assert index.image_ids[index.neighbours_NK[0, 0]] == "coco:2"
    assert opened.describe().tables == ()


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (lambda root: data.open("PhrasCorpus", root), "PhrasCorpus (did you mean PhraseCorpus?)"),
        (lambda root: data.open("PhraseCorpus", root).arrow(["txt"]), "txt (did you mean text?)"),
        (lambda root: data.open("PhraseCorpus", root).pandas(table="rejectd"), "rejectd (did you mean rejected?)"),
        (lambda root: data.open("PhraseCorpus", root / "nowhere"), "PhraseCorpus"),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest_that_is(root: Path, ask: object, found: str) -> None:
    assert callable(ask)
    with pytest.raises(UserError) as caught:
        ask(root)
    assert caught.value.found == found


def test_importing_data_stays_light() -> None:
    program = "import sys, data; print(sorted({'pyarrow', 'pandas', 'h5py', 'numpy', 'luigi'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_opening_is_part_of_no_tasks_code() -> None:
    from tasks.code import code_digests

    assert "data.opening" not in code_digests(["data.images"])
