"""Small artifacts written as their builders write them, for the tests of what reads them."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from data import backbones
from data.backbones import View
from data.progress import silent
from data.records import PRETRAINING
from data.regions.store import RegionRow, write_store
from data.schema import FEATURE_SIZE, IMAGES, NUM_REGIONS
from data.shards import FILE_NAME, Workplace, part_name
from data.taggers import TaggerSettings, running
from data.vocabulary import SPECIALS
from data.writers import write_json, write_parquet


class Small:
    """Writes small artifacts and sources below one folder; every method returns what the builders are given."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._numbers = itertools.count()

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def empty_folder(self, name: str) -> Path:
        """A folder that nothing was written into."""
        path = self.root / f"{name}-{next(self._numbers)}"
        path.mkdir()
        return path

    def images(
        self,
        splits: Mapping[str, str],
        *,
        group: Mapping[str, str] = MappingProxyType({}),
        known_as: Mapping[str, Sequence[str]] = MappingProxyType({}),
        pool: Mapping[str, str] = MappingProxyType({}),
        photo: Mapping[str, str] = MappingProxyType({}),
        size_px: tuple[int | None, int | None] = (100, 100),
    ) -> Path:
        ids = sorted(splits)
        columns = {
            "image_id": ids,
            "known_as": [known_as.get(i, [i]) for i in ids],
            "group_id": [group.get(i, i) for i in ids],
            "split": [splits[i] for i in ids],
            "pool": [pool.get(i, PRETRAINING) for i in ids],
            "file_name": [None] * len(ids),
            "width_px": [size_px[0]] * len(ids),
            "height_px": [size_px[1]] * len(ids),
            "photo_id": [photo.get(i) for i in ids],
        }
        write_parquet(self.folder("images") / "images.parquet", pa.table(columns, schema=IMAGES), IMAGES)
        return self.folder("images")

    def region_row(self, image_id: str, labels: Sequence[int] = (), direction: Sequence[float] = (1.0,)) -> RegionRow:
        """One image: object ids `labels`, then -1; every region's feature is `direction`, then zeros."""
        feature_F = np.zeros(FEATURE_SIZE, np.float16)
        feature_F[: len(direction)] = direction
        ids_R = np.full(NUM_REGIONS, -1, np.int16)
        ids_R[: len(labels)] = labels
        return RegionRow(
            image_id=image_id,
            height_px=100,
            width_px=100,
            boxes_R4=np.tile(np.array([0.0, 0.25, 0.5, 1.0], np.float32), (NUM_REGIONS, 1)),
            object_ids_R=ids_R,
            object_conf_R=np.full(NUM_REGIONS, 0.5, np.float32),
            attribute_ids_R=np.full(NUM_REGIONS, -1, np.int16),
            attribute_conf_R=np.zeros(NUM_REGIONS, np.float32),
            features_RF=np.tile(feature_F, (NUM_REGIONS, 1)),
        )

    def regions(self, rows: Sequence[RegionRow], object_names: Sequence[str] = ()) -> Path:
        into = self.folder("regions")
        digest = write_store(into, rows, object_names=object_names, attribute_names=[])
        write_json(into / FILE_NAME, {"regions": {part_name(0): {"digest": digest, "summary": None}}})
        return into

    def place(self, num_workers: int = 1) -> Workplace:
        """Where shards are built, empty at first."""
        return Workplace(scratch=self.root / f"scratch-{next(self._numbers)}", num_workers=num_workers)

    def vocabulary(self, words: Sequence[str]) -> Path:
        lines = "".join(f"{token}\n" for token in (*SPECIALS, *words))
        (self.folder("vocabulary") / "vocab.txt").write_text(lines, "utf-8")
        return self.folder("vocabulary")

    def captions(self, captions: Sequence[tuple[int, int, str]]) -> Path:
        """COCO's captions file; `captions` are (id, image id, text)."""
        rows = [{"id": number, "image_id": image, "caption": text} for number, image, text in captions]
        path = self.root / "captions.json"
        path.write_text(json.dumps({"info": {}, "licenses": [], "images": [], "annotations": rows}), "utf-8")
        return path

    def phrases(self, phrases: Mapping[int, Sequence[str]]) -> Path:
        """Visual Genome's region descriptions by image id; region ids count from 1."""
        numbers = itertools.count(1)
        box = {"x": 0, "y": 0, "width": 5, "height": 5}
        images = [
            {"id": image, "regions": [{"region_id": next(numbers), "phrase": text, **box} for text in texts]}
            for image, texts in phrases.items()
        ]
        path = self.root / "region_descriptions.json"
        path.write_text(json.dumps(images), "utf-8")
        return path


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture
def torch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Opening a network sets threads, kernels and the environment of its process, which here is the tests' own."""
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    num_threads, is_deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(num_threads)
    torch.use_deterministic_algorithms(is_deterministic)
    backbones.opened.cache_clear()


@pytest.fixture
def make_views(tmp_path: Path) -> Callable[[int], list[View]]:
    """Pictures of 60 x 40 pixels of noise, and in each the whole and its left half."""

    def make(number: int) -> list[View]:
        noise = np.random.default_rng(0).integers(0, 256, (number, 40, 60, 3), np.uint8)
        boxes = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1]], np.float32)
        paths = [tmp_path / f"{n}.png" for n in range(number)]
        for path, pixels in zip(paths, noise, strict=True):
            Image.fromarray(pixels).save(path)
        return [View(path=path, size_px=(60, 40), boxes_R4=boxes) for path in paths]

    return make


@pytest.fixture(scope="session")
def trained_on_english(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tagger of the given backend, trained on the first sentences of a real treebank."""
    source = Path(__file__).parents[3] / "shared" / "data" / "ud_english_ewt" / "en_ewt-ud-train.conllu"

    @functools.cache
    def train(name: str) -> Path:
        if not source.exists():
            pytest.skip("needs real data beside the checkout: shared/data/ud_english_ewt")
        into = tmp_path_factory.mktemp(name)
        sentences = source.read_text("utf-8").split("\n\n")[:600]
        (into / "treebank.conllu").write_text("\n\n".join(sentences) + "\n\n", "utf-8")
        settings = TaggerSettings(num_epochs=6)
        running.train(name, into / "treebank.conllu", None, settings=settings, into=into, progress=silent)
        return into

    return train
