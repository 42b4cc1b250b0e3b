"""The pictures of a collection that only the user knows: a folder with the files that `collection` names.

A picture without a `file_name` bears the name of its image: `birds:17` is `17.jpg` or `17.png`. A name that two images
have means neither. docs/formats.md has an example; https://jsonlines.org
"""

from __future__ import annotations

from data.records import Source

SOURCE = Source(
    name="collection_images",
    title="Pictures of a collection of your own",
    address="https://jsonlines.org (the file that [sources] collection names says what they are called)",
    reads={},
    is_folder=True,
)
