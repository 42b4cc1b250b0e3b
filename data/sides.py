"""Texts that say left or right, whose picture must not be mirrored: the mirrored one would make them wrong.

By words alone: a plate that was left on a table keeps its picture as it is, too. Legend: B rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDES = ("left", "right")
ENDINGS = ("", "s", "most", "hand", "handed", "hander", "handers", "ward", "wards", "side", "ies", "ie", "y")
"""What may follow, with a hyphen or without: leftmost, right-hand, leftwards, righty. Not bright, righteous, cleft."""
_OTHER_LETTER = r"[^\W\d_]"
_NAMES_A_SIDE = re.compile(
    rf"(?<!{_OTHER_LETTER})({'|'.join(SIDES)})-?({'|'.join(ENDINGS)})(?!{_OTHER_LETTER})", re.IGNORECASE
)


def name_a_side(texts: Sequence[str]) -> NDArray[np.bool_]:
    """True for each text that says left or right in any form, (B,)."""
    return np.fromiter((_NAMES_A_SIDE.search(text) is not None for text in texts), np.bool_, len(texts))
