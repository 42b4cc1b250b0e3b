"""What must hold of every record, whatever it was read from."""

import dataclasses
import math
import re

import numpy as np

from data import records
from data.sources.ids import image_id_of


def check(record):
    """What must hold of every record, whatever it was read from."""
    if isinstance(record, str):
        assert record.encode().decode() == record
        return
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            assert not isinstance(text, str) or text.encode().decode() == text
    for image_id in _image_ids(record):
        assert re.fullmatch(r"[a-z][a-z0-9_]*:[!-~]{1,50}", image_id)
        assert image_id_of(image_id) == image_id
    if isinstance(record, records.CaptionRecord | records.PhraseRecord | records.QuestionRecord):
        is_image_alone = isinstance(record, records.QuestionRecord) and not record.text and record.image_ids
        assert is_image_alone or record.text == " ".join(record.text.split()) != ""
    if isinstance(record, records.QuestionRecord):
        assert record.image_ids or record.split in ("train", "validation", "test")
        assert record.second == " ".join(record.second.split())
    if isinstance(record, records.PhraseRecord | records.BoxRecord) and record.box is not None:
        assert all(map(math.isfinite, record.box))
        assert record.box[0] < record.box[2]
        assert record.box[1] < record.box[3]
    if isinstance(record, records.BoxRecord):
        assert record.label == " ".join(record.label.split()) != ""
    if isinstance(record, records.ImageRecord):
        assert all(size is None or 0 < size <= 1_000_000 for size in (record.width_px, record.height_px))
        assert record.split in (None, "train", "validation", "test")
    if isinstance(record, records.RegionRecord):
        _check_regions(record)


def _check_regions(record):
    num_boxes = len(record.features())
    assert 1 <= num_boxes <= 100
    assert record.features().shape == (num_boxes, 2048)
    assert record.boxes_R4.shape == (num_boxes, 4)
    for values in (record.object_ids_R, record.object_conf_R, record.attribute_ids_R, record.attribute_conf_R):
        assert values.shape == (num_boxes,)
    for values in (record.features(), record.boxes_R4, record.object_conf_R, record.attribute_conf_R):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert record.object_ids_R.dtype == record.attribute_ids_R.dtype == np.int64
    assert record.object_names is None or len(record.object_names) == num_boxes


def _image_ids(record):
    if isinstance(record, records.QuestionRecord):
        return record.image_ids
    if isinstance(record, records.NegativesRecord):
        return (record.image_id, *record.negative_ids)
    return (record.image_id,) if hasattr(record, "image_id") else ()
