"""A folder of pictures by class to train on, `<folder>/<class>/<picture>`; a share of them is for validation.

That is drawn by their places. https://www.image-net.org
"""

from __future__ import annotations

from functools import partial

from data.records import Source
from data.sources import class_folders

NAME = "image_classes_train"

SOURCE = Source(
    name=NAME,
    title="Pictures by class, to train on",
    address="https://www.image-net.org, or any folder that has a folder for each class",
    reads={
        "images": partial(class_folders.images, source=NAME),
        "classes": partial(class_folders.classes, source=NAME),
    },
    is_folder=True,
    pool="image_classes",
)
