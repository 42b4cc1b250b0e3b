"""The corpora that are made of the sources, one a file: text beside an image, or either alone (docs/formats.md)."""
