"""Does a phrase contain a verb? The question that decides what the phrase corpus keeps."""

from __future__ import annotations

from collections.abc import Sequence

from data.progress import Progress
from data.taggers import TAGS, TaggedText, VerbRule, running


def has_verb(tagged: TaggedText, rule: VerbRule) -> bool:
    """Whether a tagged text contains a verb by `rule`."""
    return any(tag in TAGS[rule] for _, tag in tagged)


def have_verbs(
    texts: Sequence[str], *, backend: str, model: str, rule: VerbRule, num_workers: int, progress: Progress
) -> list[bool]:
    """Whether each text contains a verb by `rule`; every distinct text is tagged once, by none where no tag counts."""
    if not TAGS[rule]:
        return [False] * len(texts)
    distinct = list(dict.fromkeys(texts))
    chunks = running.tag(backend, distinct, model, num_workers=num_workers, progress=progress)
    verdicts = (has_verb(tagged, rule) for chunk in chunks for tagged in chunk)
    verdict_of = dict(zip(distinct, verdicts, strict=True))
    return [verdict_of[text] for text in texts]
