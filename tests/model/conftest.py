"""The tiny set of artifacts, written once for all tests of the model."""

from __future__ import annotations

import pytest

from model.facts import Facts
from tests.model import tiny as tiny_set
from tests.model.tiny import TinySet


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinySet:
    return tiny_set.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_facts(tiny: TinySet) -> Facts:
    return tiny.facts()
