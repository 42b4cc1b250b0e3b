from __future__ import annotations

from dataclasses import dataclass

import pytest

from data.errors import UserError
from model import plugins


@dataclass(frozen=True, kw_only=True)
class Two:
    rate: float = 0.5
    share: float = 0.1


def test_the_folder_is_the_list() -> None:
    assert plugins.names("objectives") == (
        *("consistency", "ifrs", "itc", "itc_momentum", "itm_hs", "itm_in_batch", "mim", "mlm", "moc", "mrfr"),
        *("titp", "tits"),
    )


def test_a_mistyped_plug_in_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match="did you mean 'mask_words'"):
        plugins.load("corruptions", "mask_word")


def test_a_mistyped_option_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match="did you mean 'rate'"):
        plugins.read_options(Two, {"rte": 0.2}, where="test")
    assert plugins.read_options(Two, {"rate": 0.2}, where="test") == Two(rate=0.2)
