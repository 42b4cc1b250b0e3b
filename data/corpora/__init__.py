"""The corpora that are made of the sources, one a file: rows of text beside an image (docs/formats.md)."""
