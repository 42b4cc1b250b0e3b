"""What tests of a detector's tables share: settings, vocabularies, names of images and a damaged line."""

from pathlib import Path

from data.regions.detections import DetectionSettings
from data.shards import Workplace

ANY = DetectionSettings(images_per_shard=2, max_rejected_rate=1.0)
VOCABULARIES = {"object_vocabulary": "cat\ndog\nbird", "attribute_vocabulary": "red,reddish\nblue"}


def place(folder: Path) -> Workplace:
    return Workplace(scratch=folder / "scratch")


def name_of(number: int) -> str:
    return f"COCO_train2014_{number:012}"


def broken(line: str) -> str:
    """The line with a sign in its features that is not base64; the reader takes no notice before it decodes them."""
    return line[:-50] + "*" + line[-49:]
