"""What is done to a batch so that there is something to learn, one file each; the folder is the list.

A file defines `build(options, *, facts, images_S) -> Corruption`; `images_S` are the store rows of the images of the
stream's own split.
"""

from __future__ import annotations

from collections.abc import Callable

from model.batch import Batch, Draws

Corruption = Callable[[Batch, Draws], Batch]
