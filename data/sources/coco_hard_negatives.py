"""ViLBERT's hard negatives among COCO images, `hard_negative.pkl` (hard_negative_pools.py)."""

from __future__ import annotations

from data.records import PRETRAINING
from data.sources.hard_negative_pools import source_of

SOURCE = source_of("coco", "COCO images", pool=PRETRAINING)
