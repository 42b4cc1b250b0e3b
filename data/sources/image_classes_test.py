"""A folder of pictures by class to test on: `<folder>/<class>/<picture>`. https://www.image-net.org"""

from __future__ import annotations

from data.sources import class_folders

SOURCE = class_folders.source("image_classes_test", title="Pictures by class, to test on")
