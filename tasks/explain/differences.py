"""Why two artifacts differ: what decided them, compared from the sources on, so that the first cause comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.explain.ancestry import Made, input_of, label_of, made_from, store_of
from tasks.explain.changes import ABSENT, own_changes
from tasks.manifest import Artifact

_DIGEST = 12  # characters in a message


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What differs in how two artifacts of one label, or two that stand in the same place, came to be."""

    label: str
    what: str
    """As a person says it: `setting seed: 1 -> 2`."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two artifacts: whether their results are equal, and what differs, the first cause first."""

    is_equal: bool
    differences: tuple[Difference, ...]


def compare(old: Artifact, new: Artifact) -> Compared:
    """Compare two artifacts, also of two workspaces, by what their manifests say."""
    is_equal = old.manifest["result"]["digest"] == new.manifest["result"]["digest"]
    return Compared(is_equal=is_equal, differences=tuple(dict.fromkeys(_Walk().between(old, new))))


@dataclass(kw_only=True)
class _Walk:
    """A walk over two lineages at once; each pair is looked at once."""

    seen: set[tuple[str, str]] = field(default_factory=set)

    def between(self, old: Artifact, new: Artifact) -> Iterator[Difference]:
        """What differs in the inputs first, each followed to where its own differences are; then what differs here."""
        if (old.key, new.key) in self.seen:
            return
        self.seen.add((old.key, new.key))
        label = label_of(new)
        was, is_ = old.manifest["decided_by"], new.manifest["decided_by"]
        if was["family"] == is_["family"]:
            yield from self._in_inputs(old, new)
        yield from (Difference(label=label, what=str(change)) for change in own_changes(was, is_))
        if was == is_ and old.manifest["result"]["digest"] != new.manifest["result"]["digest"]:
            yield Difference(label=label, what=_surroundings(old, new))

    def _in_inputs(self, old: Artifact, new: Artifact) -> Iterator[Difference]:
        before, after = ({made.name: made for made in made_from(each)} for each in (old, new))
        for name in sorted({*before, *after}):
            was, is_ = before.get(name), after.get(name)
            if was is None or is_ is None:
                yield Difference(label=label_of(new), what=f"input {name}: {_said(was)} -> {_said(is_)}")
            elif was.digest != is_.digest:
                yield from self._behind(was, is_, old, new)

    def _behind(self, was: Made, is_: Made, old: Artifact, new: Artifact) -> Iterator[Difference]:
        """Why the content of an input differs."""
        if was.key is None or is_.key is None:
            yield Difference(
                label=_said(is_), what=f"content {was.digest[:_DIGEST]} -> {is_.digest[:_DIGEST]}{_at(was)}"
            )
            return
        upper, lower = input_of(store_of(old), was), input_of(store_of(new), is_)
        if upper is not None and lower is not None:
            yield from self.between(upper, lower)
            return
        gone = was.key if upper is None else is_.key
        yield Difference(label=is_.label, what=f"content differs; {gone[:_DIGEST]} is gone, and with it the reason")


def _said(made: Made | None) -> str:
    if made is None:
        return ABSENT
    return made.path or made.label


def _at(was: Made) -> str:
    return f" (it was {_said(was)})"


def _surroundings(old: Artifact, new: Artifact) -> str:
    """The key is one, and its bytes are two: a result that depends on the machine, or one that was written into."""
    before, after = old.manifest["recorded"], new.manifest["recorded"]
    told = [
        f"{name} {before.get(name)} -> {after.get(name)}"
        for name in ("processor", "python", "git_commit")
        if before.get(name) != after.get(name)
    ]
    return f"other bytes of the same key: {', '.join(told) or 'nothing that is recorded differs'}"
