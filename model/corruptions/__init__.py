"""What is done to a batch so that there is something to learn, one file each; the folder is the list.

A file defines `build(options, *, facts, rows) -> Corruption`; `rows` are those of the stream's own split, from which
another text or image may be drawn; and `NEEDS`, what rows must have for it to change anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from model.batch import Batch, Draws

Corruption = Callable[[Batch, Draws], Batch]

SWAPPED_TARGETS: Mapping[str, bool] = {"shown": True, "none": False}
"""What a mismatched pair is asked besides the match: everything about what it shows (LXMERT, on purpose), or nothing.

It is masked in either case: were it whole, the match could be told by that.
"""
