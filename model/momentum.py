"""How a teacher follows a learner: the options of objectives that rest on one."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Momentum:
    """`momentum`: the share of its own weights that a teacher keeps at each update. `queue`: earlier rows to compare.

    `alpha`: the share that its word has in a target; it rises from 0 over the first epoch. The defaults are ALBEF's.
    """

    momentum: float = 0.995
    queue: int = 65_536
    alpha: float = 0.4

    def __post_init__(self) -> None:
        for name, is_right, expected in (
            ("momentum", 0 <= self.momentum < 1, "a momentum of at least 0 and below 1"),
            ("queue", self.queue >= 1, "a queue of at least one row"),
            ("alpha", 0 <= self.alpha <= 1, "an alpha of 0 to 1"),
        ):
            if not is_right:
                raise UserError(
                    expected=expected,
                    found=f"{name} {getattr(self, name)!r}",
                    where="the options of an objective with a teacher",
                    way_out="ALBEF has momentum 0.995, queue 65536 and alpha 0.4",
                )
