"""Whether the rows of a stream have what is asked of them: a text, an image, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from data.errors import UserError
from model import plugins
from model.feed import Feed
from model.learner import Learner
from model.orders import ObservingOrder
from model.specs import Modality, Stream

_BOTH: tuple[Modality, ...] = ("text", "images")


def hold_needs(stream: Stream, feed: Feed, pupil: Learner) -> None:
    """Raise UserError where network, objectives, corruptions, order or view of a stream need what its rows lack."""
    lacking = _lacking(feed)
    for who, needed in _needs(stream, feed, pupil):
        for modality in lacking:
            if modality in needed:
                raise UserError(
                    expected=f"rows with {' and '.join(needed)}, which {who} needs",
                    found=f"rows without {modality}",
                    where=f"the stream {stream.label} of the {stream.corpus} corpus",
                    way_out=f"leave {who} out of it, or give it another corpus",
                )


def _lacking(feed: Feed) -> Sequence[Modality]:
    has: dict[Modality, bool] = {"text": feed.rows.has_texts, "images": feed.rows.has_images}
    return [modality for modality in _BOTH if not has[modality]]


def _needs(stream: Stream, feed: Feed, pupil: Learner) -> Iterator[tuple[str, tuple[Modality, ...]]]:
    """Each that needs something, and what."""
    for objective in stream.all_objectives():
        yield f"the objective {objective.name}", pupil.head(objective.name).needs
    for corruption in stream.all_corruptions():
        yield f"the corruption {corruption.name}", plugins.load("corruptions", corruption.name).NEEDS
    if isinstance(feed.order, ObservingOrder):
        yield f"the order {stream.order.name}", _BOTH
    if stream.view:
        yield "a view of pictures", ("images",)
    if not pupil.encoder.reads_alone:
        yield "the network", _BOTH
