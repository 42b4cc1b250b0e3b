"""The generated world as its publishers' files: the data set that is used when no source is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from data.progress import Progress
from data.workers import in_order
from data.world import classes, coco, flickr30k, gqa, mnli, nlvr2, visual_genome, vqa
from data.world.detections import Described, describe_scenes, publish_pictures
from data.world.features import Detector, train_detector
from data.world.flickr30k import plan_flickr
from data.world.kinds import ALIASES, ATTRIBUTE_LABELS, OBJECT_LABELS
from data.world.nlvr2 import plan_sets
from data.world.plain_text import write_texts
from data.world.plan import FIRST_DETECTOR_SCENE, Picture, PlannedImage, Split, WorldSize, plan_images
from data.world.treebank import write_treebank

FILES: Mapping[str, tuple[str, ...]] = {
    "coco_captions": ("annotations/captions_train2014.json", "annotations/captions_val2014.json"),
    "coco_instances": ("annotations/instances_train2014.json", "annotations/instances_val2014.json"),
    "coco_images": ("images",),
    "vg_image_data": ("image_data.json",),
    "vg_region_descriptions": ("region_descriptions.json",),
    "vg_objects": ("objects.json",),
    "vg_attributes": ("attributes.json",),
    "vqa_questions": tuple(f"vqa/v2_OpenEnded_mscoco_{split}_questions.json" for split in ("train2014", "val2014")),
    "vqa_annotations": tuple(f"vqa/v2_mscoco_{split}_annotations.json" for split in ("train2014", "val2014")),
    "gqa_questions": ("gqa/train_balanced_questions.json", "gqa/val_balanced_questions.json"),
    "gqa_test_questions": ("gqa/testdev_balanced_questions.json",),
    "gqa_scene_graphs": ("gqa/train_sceneGraphs.json", "gqa/val_sceneGraphs.json"),
    "nlvr2": ("nlvr2/train.json", "nlvr2/dev.json", "nlvr2/test1.json"),
    "nlvr2_images": ("nlvr2/images",),
    "flickr30k": ("flickr30k/dataset_flickr30k.json",),
    "flickr30k_images": ("flickr30k/images",),
    "obj36": tuple(f"obj36/{name}_obj36.tsv" for name in ("train2014", "val2014", "vg", "flickr30k", "nlvr2")),
    "object_vocabulary": ("objects_vocab.txt",),
    "attribute_vocabulary": ("attributes_vocab.txt",),
    "texts": ("texts.txt",),
    "treebank": ("treebank.conllu",),
    "treebank_test": ("treebank_test.conllu",),
    "validation_images": ("karpathy_val_images.txt",),
    "test_images": ("karpathy_test_images.txt",),
    "mnli": ("mnli/train.tsv", "mnli/dev_matched.tsv"),
    "image_class_list": ("image_classes.tsv",),
}
"""The world's files by the name of their source, relative to where it was published."""

Item = TypeVar("Item")
_FOLDERS = {"train2014": "train2014", "val2014": "val2014", "VG_100K": "vg"}  # of images, and their detections' names
_CHUNK = 8  # images to a piece of work: about 3 MB of detections


def publish(size: WorldSize, *, seed: int, into: Path, num_workers: int, progress: Progress) -> None:
    """Write all of `FILES` below `into`; the bytes depend on `size` and `seed` alone."""
    images, flickr, sets = plan_images(size), plan_flickr(size), plan_sets(size, seed)
    folders = ("annotations", "obj36", "vqa", "gqa", "nlvr2/images", "flickr30k/images", "mnli")
    for folder in (*folders, *(f"images/{name}" for name in _FOLDERS)):
        (into / folder).mkdir(parents=True, exist_ok=True)
    _write_texts(images, seed, into)
    _write_questions(images, seed, size.num_questions, into)
    write_texts(size.num_text_scenes, seed, path=into / "texts.txt")
    flickr30k.write_captions(flickr, seed, path=into / "flickr30k/dataset_flickr30k.json")
    for split, its_sets in sets.items():
        nlvr2.write_sets(its_sets, seed, path=into / f"nlvr2/{split}.json")
    mnli.write_pairs(size, seed, train=into / "mnli/train.tsv", test=into / "mnli/dev_matched.tsv")
    classes.write_classes(images, seed, path=into / "image_classes.tsv")
    progress(0.1, "wrote the annotations")
    detector = _train_detector(size.num_detector_images, seed, num_workers, progress)
    pictures = {name: [i.picture for i in images if i.folder == folder] for folder, name in _FOLDERS.items()}
    pictures["flickr30k"] = [image.picture for image in flickr]
    pictures["nlvr2"] = [picture for its_sets in sets.values() for each in its_sets for picture in each.pictures()]
    _write_detections(pictures, detector, seed, into, num_workers, progress)


def _write_texts(images: Sequence[PlannedImage], seed: int, into: Path) -> None:
    coco.write_annotations(_of(images, "train"), seed, split="train2014", into=into / "annotations")
    held_out = _of(images, "validation", "test")
    coco.write_annotations(held_out, seed, split="val2014", into=into / "annotations")
    visual_genome.write_annotations(images, seed, into=into)
    _write_list(into / "karpathy_val_images.txt", _of(images, "validation"))
    _write_list(into / "karpathy_test_images.txt", _of(images, "test"))
    _write_labels(into / "objects_vocab.txt", OBJECT_LABELS)
    _write_labels(into / "attributes_vocab.txt", ATTRIBUTE_LABELS)
    write_treebank(seed, train=into / "treebank.conllu", test=into / "treebank_test.conllu")


def _write_questions(images: Sequence[PlannedImage], seed: int, num_questions: int, into: Path) -> None:
    """VQA's by the halves of COCO, GQA's by split; testdev comes without scene graphs, as GQA's does."""
    train, held_out = _of(images, "train"), _of(images, "validation", "test")
    vqa.write_questions(train, seed, split="train2014", num_questions=num_questions, into=into / "vqa")
    vqa.write_questions(held_out, seed, split="val2014", num_questions=num_questions, into=into / "vqa")
    files: Mapping[str, Split] = {"train": "train", "val": "validation", "testdev": "test"}
    for name, split in files.items():
        known = [image for image in _of(images, split) if image.has_phrases]
        path = into / f"gqa/{name}_balanced_questions.json"
        gqa.write_questions(known, seed, num_questions=num_questions, path=path)
        if split != "test":
            gqa.write_scene_graphs(known, seed, path=into / f"gqa/{name}_sceneGraphs.json")


def _train_detector(num_images: int, seed: int, num_workers: int, progress: Progress) -> Detector:
    numbers = range(FIRST_DETECTOR_SCENE, FIRST_DETECTOR_SCENE + num_images)
    chunks = _chunks(numbers)
    described: list[Described] = []
    for part in in_order(partial(describe_scenes, seed=seed), chunks, num_workers=num_workers):
        described.append(part)
        progress(0.1 + 0.15 * len(described) / len(chunks), "training the detector")
    return train_detector(
        np.concatenate([part.descriptions_ND for part in described]),
        np.concatenate([part.object_ids_N for part in described]),
        np.concatenate([part.attribute_ids_N for part in described]),
        seed=seed,
    )


def _write_detections(
    pictures: Mapping[str, Sequence[Picture]],
    detector: Detector,
    seed: int,
    into: Path,
    num_workers: int,
    progress: Progress,
) -> None:
    """The pictures, and a file of detections for each collection of them, written as the chunks arrive."""
    work = partial(publish_pictures, seed=seed, detector=detector, into=into)
    num_done, num_pictures = 0, sum(map(len, pictures.values()))
    for name, collection in pictures.items():
        with (into / f"obj36/{name}_obj36.tsv").open("wb") as file:
            for rows in in_order(work, _chunks(collection), num_workers=num_workers):
                file.writelines(rows)
                num_done += len(rows)
                progress(0.25 + 0.75 * num_done / num_pictures, f"drew {num_done} of {num_pictures} images")


def _of(images: Sequence[PlannedImage], *splits: Split) -> list[PlannedImage]:
    return [image for image in images if image.split in splits]


def _chunks(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK)]


def _write_list(path: Path, images: Sequence[PlannedImage]) -> None:
    """One image a line, by file and by COCO id, with the line ends of the published lists (CR LF)."""
    lines = [f"{image.folder}/{image.name}.jpg {image.coco_id}\r\n" for image in images]
    path.write_bytes("".join(lines).encode())


def _write_labels(path: Path, labels: Sequence[str]) -> None:
    """One label a line, some with a second name after a comma, and no line end after the last."""
    lines = [f"{label},{ALIASES[label]}" if label in ALIASES else label for label in labels]
    path.write_bytes("\n".join(lines).encode())
