"""A folder of pictures by class to test on: `<folder>/<class>/<picture>`. https://www.image-net.org"""

from __future__ import annotations

from functools import partial

from data.records import Source
from data.sources import class_folders

NAME = "image_classes_test"

SOURCE = Source(
    name=NAME,
    title="Pictures by class, to test on",
    address="https://www.image-net.org, or any folder that has a folder for each class",
    reads={
        "images": partial(class_folders.images, source=NAME),
        "classes": partial(class_folders.classes, source=NAME),
    },
    is_folder=True,
    pool="image_classes",
)
