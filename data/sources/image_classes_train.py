"""A folder of pictures by class to train on, `<folder>/<class>/<picture>`; a share of them is for validation.

That is drawn by their places. https://www.image-net.org
"""

from __future__ import annotations

from data.sources import class_folders

SOURCE = class_folders.source("image_classes_train", title="Pictures by class, to train on")
