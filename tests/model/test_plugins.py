from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from data.errors import UserError
from model import plugins
from model.networks import Encoder


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


@pytest.mark.parametrize("name", plugins.names("networks"))
def test_what_the_source_of_a_network_says_is_what_its_class_has(name: str) -> None:
    own = [kind for kind in vars(plugins.load("networks", name)).values() if isinstance(kind, type)]
    encoders = [kind for kind in own if issubclass(kind, Encoder) and kind is not Encoder]
    assert plugins.says("networks", name, "reads_alone") == any(kind.reads_alone for kind in encoders)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reads_alone: ClassVar[bool] = True", True),
        ("reads_alone = True", True),
        ("reads_alone = False", False),
        ("reads_alone: bool", False),
        ("reads = True", False),
    ],
)
def test_an_attribute_is_read_in_the_source(
    line: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks/mine.py").write_text(f"import nothing_of_that_name\n\n\nclass Mine:\n    {line}\n", "utf-8")
    monkeypatch.setattr(plugins, "__file__", str(tmp_path / "plugins.py"))
    assert plugins.says("networks", "mine", "reads_alone") is expected
    with pytest.raises(UserError, match="did you mean 'mine'"):
        plugins.says("networks", "min", "reads_alone")
