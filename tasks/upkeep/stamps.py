"""What manifests note of their files kept true while other names of the same files are made or removed.

A new name, or one less, changes a file's ctime; without this the next command would read the whole artifact again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from tasks.manifest import Artifact, stamp


@contextlib.contextmanager
def kept(artifacts: Iterable[Artifact]) -> Iterator[None]:
    """Those of the artifacts of which every file is as their manifest notes are noted again after the block."""
    stamped = [artifact for artifact in artifacts if artifact.is_stamped()]
    yield
    for artifact in stamped:
        if not artifact.is_stamped():
            with contextlib.suppress(FileNotFoundError):  # it was removed or replaced meanwhile
                stamp(artifact)
