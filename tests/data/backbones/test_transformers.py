"""A region store by a tiny ResNet of random weights, in a folder as published; and folders that are not."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data import backbones, workers
from data.backbones import BackboneSettings, View
from data.errors import UserError
from data.progress import silent
from data.regions.from_pictures import PictureSettings, build
from data.regions.layout import grid
from data.regions.store import RegionStore
from data.shards import Workplace

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytestmark = pytest.mark.usefixtures("torch_as_it_was")

NUM_IMAGES = 7
PER_SHARD = 4


def tiny(folder: Path, **changes: Any) -> BackboneSettings:
    settings = BackboneSettings(name="transformers", model="resnet", weights=folder, side_px=64, batch_size=3)
    return dataclasses.replace(settings, **changes)


class Built:
    """A store of seven pictures in two shards, the second of three."""

    def __init__(self, root: Path, images: Path, weights: Path) -> None:
        self.pictures = root / "pictures"
        self.pictures.mkdir()
        noise = np.random.default_rng(0).integers(0, 256, (NUM_IMAGES, 10, 15, 3), np.uint8)
        for number, pixels in enumerate(noise):
            Image.fromarray(pixels).resize((100, 100)).save(self.pictures / f"{number:012}.png")
        self.images = images
        self.settings = PictureSettings(images_per_shard=PER_SHARD, backbone=tiny(weights))
        self.root = root
        self.tally: Counter[str] = Counter()

    def build(self, name: str, *, num_workers: int = 1) -> Path:
        """The store's folder; what a build of as many workers left in its scratch folder is gone on with."""
        into = self.root / name
        into.mkdir()
        workplace = Workplace(scratch=self.root / f"scratch-{num_workers}", num_workers=num_workers, tally=self.tally)
        files = {"coco_images": (self.pictures,)}
        build(files, images=self.images, settings=self.settings, into=into, progress=silent, workplace=workplace)
        return into


@pytest.fixture
def built(small: Any, tiny_resnet: Path, tmp_path: Path) -> Built:
    images = small.images({f"coco:{number}": "train" for number in range(NUM_IMAGES)})
    return Built(tmp_path, images, tiny_resnet)


@pytest.fixture
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "spawned", lambda num_workers: workers.Inline())


@pytest.mark.usefixtures("_in_this_process")
def test_a_store_holds_the_features_of_the_backbone_and_goes_on_from_finished_shards(built: Built) -> None:
    folder = built.build("first")
    features_NRF = RegionStore.open(folder / "regions.h5").features_NRF
    assert features_NRF.shape == (NUM_IMAGES, 36, 2048)
    assert not features_NRF[..., 64:].any()
    notes = json.loads((folder / "counts.json").read_text())["notes"]
    assert notes["features of the backbone; the others are zeros"] == 64
    cells = grid(36, width_px=100, height_px=100)
    paths = sorted(built.pictures.iterdir())
    views = [View(path=path, size_px=(100, 100), boxes_R4=cells) for path in paths]
    extractor = backbones.opened(built.settings.backbone)
    expected = [*extractor.features(views[:PER_SHARD]), *extractor.features(views[PER_SHARD:])]
    assert np.array_equal(features_NRF[..., :64], np.stack(expected).astype(np.float16))
    assert len(np.unique(features_NRF.reshape(-1, 2048), axis=0)) == NUM_IMAGES * 36

    again = built.build("second")
    assert built.tally == {"built": 4, "kept": 4, "salvaged": 0}  # each time two shards of looks and two of rows
    assert (folder / "regions.h5").read_bytes() == (again / "regions.h5").read_bytes()


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_the_number_of_workers(built: Built) -> None:
    one, two = built.build("one"), built.build("two", num_workers=2)
    for name in ("regions.h5", "counts.json", "shards.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert built.tally == {"built": 8, "kept": 0, "salvaged": 0}


def test_features_are_of_their_boxes_and_not_of_how_the_picture_was_stored(
    tiny_resnet: Path, make_views: Callable[[int], list[View]], tmp_path: Path
) -> None:
    extractor = backbones.opened(tiny(tiny_resnet))
    (view,) = make_views(1)
    (found_RF,) = extractor.features([view])
    assert found_RF.shape == (2, 64)
    assert not np.allclose(found_RF[0], found_RF[1])
    half = dataclasses.replace(view, boxes_R4=view.boxes_R4[[1, 1, 0]])
    (again_RF,) = extractor.features([half])
    assert np.allclose(again_RF, found_RF[[1, 1, 0]], atol=1e-6)
    with view.open() as picture:
        picture.resize((120, 80), Image.Resampling.NEAREST).save(tmp_path / "larger.png")
    larger = dataclasses.replace(view, path=tmp_path / "larger.png")
    (resized_RF,) = extractor.features([larger])
    assert np.abs(resized_RF - found_RF).max() < 0.2 * found_RF.max()


def test_the_model_is_the_published_one_in_eval_mode(tiny_resnet: Path, make_views: Any) -> None:
    """A box that is the middle point of a cell has the features of that cell."""
    import transformers

    model = transformers.ResNetModel.from_pretrained(tiny_resnet, local_files_only=True).eval()
    view = make_views(1)[0]
    extractor = backbones.opened(tiny(tiny_resnet))
    canvas = extractor._canvas(view)  # what the network is shown
    with torch.inference_mode():
        map_FHW = model(torch.from_numpy(canvas.pixels_CSS)[None]).last_hidden_state[0]
    assert map_FHW.shape == (64, 8, 8)
    width, height = canvas.boxes_R4[0, 2:]  # of the picture on its square
    middle = np.array([[1.5 / 8 / width, 1.5 / 8 / height] * 2], np.float32)
    (found_RF,) = extractor.features([dataclasses.replace(view, boxes_R4=middle)])
    assert np.allclose(found_RF[0], map_FHW[:, 1, 1].numpy(), atol=1e-5)


def config(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: _rewrite(folder / "config.json", changes)


def colours(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: _rewrite(folder / "preprocessor_config.json", changes)


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def holding(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: _write(folder / name, content)


def _rewrite(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def _grow(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file({**load_file(path), "resnet.encoder.stages.9.weight": torch.zeros(1)}, path, {"format": "pt"})


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (config(model_type="regnet"), "those of the architecture regnet"),
        (config(depths=[2, 1]), r"weights without encoder\.stages\.0\.layers\.1"),
        (lambda folder: _grow(folder / "model.safetensors"), r"weights with resnet\.encoder\.stages\.9\.weight \("),
        (config(embedding_size=4), "expected the weights of resnet"),
        (config(hidden_sizes="wide"), "expected the weights of resnet"),
        (without("config.json"), "found none"),
        (holding("config.json", b"[]"), "a JSON object; found a list"),
        (holding("config.json", b"[" * 100_000), "expected JSON"),
        (holding("config.json", b"\xff"), "expected JSON"),
        (without("model.safetensors"), "model.safetensors"),
        (holding("model.safetensors", b"no tensors"), "expected the weights of resnet"),
        (without("preprocessor_config.json"), "found none"),
        (colours(image_mean=[0.5]), r"three numbers each; found image_mean \[0\.5\]"),
        (colours(image_std=[0.25, 0, 0.25]), "three numbers each"),
        (colours(image_std="wide"), "three numbers each"),
        (colours(do_flip_channel_order=True), "do_flip_channel_order False; found True"),
        (colours(rescale_factor=1), "rescale_factor 0.0039"),
    ],
)
def test_a_folder_that_does_not_hold_the_model_whole_is_refused(
    change: Callable[[Path], None], message: str, tiny_resnet: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(tiny_resnet, folder)
    change(folder)
    with pytest.raises(UserError, match=message) as caught:
        backbones.opened(tiny(folder))
    assert str(folder) in caught.value.where


def test_an_unknown_model_is_answered_with_the_nearest(tiny_resnet: Path) -> None:
    with pytest.raises(UserError, match="did you mean resnet"):
        backbones.opened(tiny(tiny_resnet, model="resnett"))


def test_what_stops_a_backbone_is_said_from_the_worker_before_any_picture_is_looked_for(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match="device = cuda"):
        build(
            {"coco_images": (tmp_path / "nowhere",)},
            images=tmp_path / "nowhere",
            settings=PictureSettings(images_per_shard=3, backbone=tiny(tmp_path, device="cuda")),
            into=tmp_path,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / "scratch"),
        )
