"""ViLBERT's hard negatives among Flickr30k images, `hard_negative.pkl` (hard_negative_pools.py)."""

from __future__ import annotations

from data.sources.hard_negative_pools import source_of

SOURCE = source_of("flickr30k", "Flickr30k images", pool="flickr30k")
