"""What all files that list images say of each picture, merged: records under one id first, then ids of one picture.

In two steps, since a file may name a picture before another says under which second id it is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from data.progress import Progress
from data.records import PRETRAINING, ImageRecord, Reject, Rejection
from data.schema import SPLITS
from data.sources import SourceFiles, all_sources, read, that_give
from data.sources.parts import part_of, split_of

TWICE = "two pictures of one name, in folders or files of one name"


class Member(NamedTuple):
    """A picture's place in a collection; sorts as it is written.

    `part` is the publisher's word (train2014), `split` what it is meant for; empty where nobody says. `known_by`: its
    `own id`, Visual Genome's `coco_id`, or the same `photograph` on Flickr.
    """

    collection: str
    own_id: str
    part: str
    split: str
    known_by: str = "own id"


@dataclass(slots=True)
class Listing:
    """What the records under one id say together; None where none of them says."""

    pool: str
    file_name: str | None = None
    size_px: tuple[int, int] | None = None
    same_as: str | None = None
    group_id: str | None = None
    split: str | None = None
    photo_id: str | None = None
    members: set[Member] = field(default_factory=set)


@dataclass(slots=True)
class Listings:
    """All listings by id, and how many records they were merged from."""

    by_id: dict[str, Listing] = field(default_factory=dict)
    num_read: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One picture under its canonical id. `split` is what publishers say of it; None where they say nothing.

    `photo_id` is equal for pictures that collections took from Flickr without saying that they are the same.
    """

    image_id: str
    known_as: tuple[str, ...]
    group_id: str
    pool: str
    split: str | None
    photo_id: str | None
    file_name: str | None
    size_px: tuple[int, int] | None
    members: tuple[Member, ...] = ()


def gather(files: SourceFiles, reject: Reject, progress: Progress) -> Listings:
    """Every listed image. A record that contradicts an earlier one under its id is rejected."""
    listings = Listings()
    given = [(name, path) for name in that_give("images") for path in files.get(name, ())]
    for name, path in given:
        pool, is_own = all_sources()[name].pool, all_sources()[name].pictures is not None
        for record in read({name: (path,)}, "images", reject):
            if is_own and record.image_id in listings.by_id:
                reject(Rejection(source=name, record=record.file_name or "", field="name", reason=TWICE))
                continue
            listing = listings.by_id.setdefault(record.image_id, Listing(pool))
            reason = _merge(listing, record, pool)
            if reason is not None:
                reject(Rejection(source="images", record=record.image_id, field="image", reason=reason))
                continue
            listing.members.add(_member(record, pool, path))
            listings.num_read += 1
            if listings.num_read % 10_000 == 0:
                progress(0.0, f"{listings.num_read:,} images read")
    return listings


def _member(record: ImageRecord, pool: str, path: Path) -> Member:
    """Where a record places its picture: a file of 2014 names it in each image's own name, one of 2017 in its own."""
    part = part_of(record.file_name or "") or part_of(path.name) or ""
    return Member(
        collection=record.image_id.partition(":")[0] if pool == PRETRAINING else pool,
        own_id=record.image_id,
        part=part,
        split=record.split or (split_of(part) if part else ""),
    )


def pictures_of(listings: Mapping[str, Listing]) -> list[Picture]:
    """The pictures in the order of their canonical ids, each with all ids that mean it."""
    ids_of: defaultdict[str, set[str]] = defaultdict(set)
    for name, listing in listings.items():
        image_id = listing.same_as or name
        ids_of[image_id] |= {name, image_id}
    return [_picture(image_id, ids_of[image_id], listings) for image_id in sorted(ids_of)]


def _merge(listing: Listing, record: ImageRecord, pool: str) -> str | None:
    """Add a record to the listing of its id; return why not, where it contradicts what is known."""
    size_px = None if record.width_px is None or record.height_px is None else (record.width_px, record.height_px)
    if None not in (listing.same_as, record.same_as) and listing.same_as != record.same_as:
        return "listed as two different pictures"
    if None not in (listing.size_px, size_px) and listing.size_px != size_px:
        return "another size than in an earlier listing"
    listing.pool = _widest([listing.pool, pool])
    listing.split = _strictest([listing.split, record.split])
    listing.same_as = listing.same_as or record.same_as
    listing.size_px = listing.size_px or size_px
    listing.file_name = listing.file_name or record.file_name
    listing.group_id = listing.group_id or record.group_id
    listing.photo_id = listing.photo_id or record.photo_id
    return None


def _picture(image_id: str, ids: set[str], listings: Mapping[str, Listing]) -> Picture:
    """One picture; what its canonical id is listed with comes before what its other ids are."""
    names = sorted(ids, key=lambda name: (name != image_id, name))
    found = [listings[name] for name in names if name in listings]
    return Picture(
        image_id=image_id,
        known_as=tuple(sorted(ids)),
        group_id=next((listing.group_id for listing in found if listing.group_id), image_id),
        pool=_widest([listing.pool for listing in found]),
        split=_strictest([listing.split for listing in found]),
        photo_id=next((listing.photo_id for listing in found if listing.photo_id), None),
        file_name=next((listing.file_name for listing in found if listing.file_name), None),
        size_px=next((listing.size_px for listing in found if listing.size_px), None),
        members=tuple(sorted(_known(member, image_id) for listing in found for member in listing.members)),
    )


def _known(member: Member, image_id: str) -> Member:
    """A picture listed under another id than the canonical one is known by Visual Genome's word for it."""
    return member if member.own_id == image_id else member._replace(known_by="coco_id")


def _widest(pools: Iterable[str]) -> str:
    """Pre-training where any file of it lists the picture, else the first benchmark by name."""
    return min(pools, key=lambda pool: (pool != PRETRAINING, pool))


def _strictest(splits: Iterable[str | None]) -> str | None:
    """Test before validation before train; None where nobody says."""
    return max((split for split in splits if split), key=SPLITS.index, default=None)
