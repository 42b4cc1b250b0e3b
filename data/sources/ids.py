"""One spelling for every image id: the collection, a colon, and the publisher's own id without padding."""

from __future__ import annotations

import re

_FORMS = (
    ("coco", re.compile(r"COCO_[a-z]+20[0-9]{2}_0*([0-9]{1,12})(?:\.jpg)?")),
    ("coco", re.compile(r"(?=[0-9]{12}(?:\.jpg)?$)0*([0-9]{1,12})(?:\.jpg)?")),  # COCO 2017 names: twelve digits
    ("coco", re.compile(r"coco:0*([0-9]{1,12})")),
    ("vg", re.compile(r"(?:vg:)?0*([0-9]{1,11})")),
    ("gqa", re.compile(r"(?:gqa:)?(n[0-9]{1,12})(?:\.jpg)?")),
    ("flickr30k", re.compile(r"0*([0-9]{1,11})\.jpg")),
    ("flickr30k", re.compile(r"flickr30k:0*([0-9]{1,11})")),
    ("nlvr2", re.compile(r"(?:nlvr2:)?((?:train|dev|test[12])-[0-9]{1,6}-[0-9]{1,2}-img[01])(?:\.png)?")),
    ("nlvr1", re.compile(r"nlvr1:([0-9]{1,6}-[0-9]-[0-5])")),
)
_COLLECTIONS = frozenset(collection for collection, _ in _FORMS)
# 64 bytes at most, which is what the region store has room for.
_OWN = re.compile(r"([a-z][a-z0-9_]{0,22}):([0-9A-Za-z][0-9A-Za-z._-]{0,39})")
_NUMBER = re.compile(r"0*([0-9]{1,11})")
_FLICKR = re.compile(r"/0*([0-9]{1,11})_[0-9a-f]+(?:_[a-z])?\.jpg$")


def image_id_of(name: str) -> str | None:
    """The image id behind a publisher's name of an image or its file; None if no collection names images so.

    `COCO_train2014_000000318556` -> `coco:318556`, `2375429` -> `vg:2375429`, `n116329` -> `gqa:n116329`,
    `1000092795.jpg` -> `flickr30k:1000092795`; an id of ours stays itself, and so does one of a collection that only
    the user knows (`birds:17`).
    """
    for collection, form in _FORMS:
        match = form.fullmatch(name)
        if match:
            return f"{collection}:{match[1]}"
    own = _OWN.fullmatch(name)
    return name if own and own[1] not in _COLLECTIONS else None


def image_in(collection: str, name: str) -> str | None:
    """As `image_id_of`, in a file of one collection: there a number alone is an image of that collection."""
    match = _NUMBER.fullmatch(name)
    return f"{collection}:{match[1]}" if match else image_id_of(name)


def photo_of(address: str) -> str | None:
    """The number of the photograph behind an address of Flickr; None if it is none.

    `http://farm7.staticflickr.com/6116/6255196340_da26cf2c9e_z.jpg` -> `6255196340`.
    """
    match = _FLICKR.search(address)
    return match[1] if match else None


def numbered(collection: str, number: int) -> str:
    """The id of an image that its collection numbers."""
    return f"{collection}:{number}"
