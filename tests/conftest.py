"""What all tests share: real data beside the checkout where it is there, and a clean luigi for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import luigi.configuration
import pytest
from luigi.task_register import Register

CHECKOUT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="run the slow tests in their short form, as CI does")


@pytest.fixture(scope="session")
def short(request: pytest.FixtureRequest) -> bool:
    """Whether the slow tests are to take their short form: fewer kills, fewer steps, fewer sentences."""
    return bool(request.config.getoption("--short"))


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """The path of a file of real data; skips with the reason where it is absent."""

    def find(name: str) -> Path:
        path = CHECKOUT.parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip(f"needs real data beside the checkout: shared/data/{name}")
        return path

    return find


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """An empty workspace in use, luigi's instances and configuration put back afterwards."""
    config = luigi.configuration.get_config()
    before = {section: dict(config._sections[section]) for section in config.sections()}
    root = tmp_path / "workspace"
    config.set("workspace", "root", str(root))
    Register.clear_instance_cache()
    yield root
    Register.clear_instance_cache()
    for section in config.sections():
        config.remove_section(section)
    config.read_dict(before)
