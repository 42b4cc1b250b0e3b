"""A detector's regions of Flickr30k pictures, in any of the forms of region_files.py."""

from __future__ import annotations

from data.sources.region_files import source_of

SOURCE = source_of("flickr30k", "Flickr30k pictures")
