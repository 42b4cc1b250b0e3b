"""The digest of code follows imports and forgets layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import code


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three modules: data.a imports data.b inside a function, and that imports data.c."""
    monkeypatch.setattr(code, "_PROJECT", tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "__init__.py").write_text("")
    (tmp_path / "data" / "a.py").write_text("def run():\n    from data import b\n    return b.x\n")
    (tmp_path / "data" / "b.py").write_text("from .c import y\nx = y + 1\n")
    (tmp_path / "data" / "c.py").write_text('"""Module."""\ny = 1\n')
    (tmp_path / "data" / "unused.py").write_text("z = 1\n")
    return tmp_path / "data"


def rewrite(file: Path, text: str) -> None:
    """Write with a new time, whatever the clock's tick."""
    import os

    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def test_imports_are_followed_inside_functions_and_through_relative_names(project: Path) -> None:
    assert set(code.code_digests(["data.a"])) == {"python", "data", "data.a", "data.b", "data.c"}


def test_a_comment_a_docstring_and_the_layout_do_not_count(project: Path) -> None:
    before = code.code_digests(["data.a"])
    rewrite(project / "c.py", '"""Other words."""\n\n# why one\ny = (\n    1\n)\n')
    assert code.code_digests(["data.a"]) == before


def test_a_statement_two_imports_away_counts(project: Path) -> None:
    before = code.code_digests(["data.a"])
    rewrite(project / "c.py", "y = 2\n")
    after = code.code_digests(["data.a"])
    assert {name for name in after if after[name] != before[name]} == {"data.c"}


def test_a_module_that_is_not_imported_does_not_count(project: Path) -> None:
    before = code.code_digests(["data.a"])
    rewrite(project / "unused.py", "z = 2\n")
    assert code.code_digests(["data.a"]) == before


def test_what_is_imported_for_types_alone_does_not_count_and_what_is_imported_otherwise_does(project: Path) -> None:
    rewrite(project / "c.py", "if TYPE_CHECKING:\n    from data import unused\nelse:\n    from data import a\n")
    assert set(code.code_digests(["data.c"])) == {"python", "data", "data.a", "data.b", "data.c"}


def test_an_entry_that_is_not_there_is_our_mistake(project: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"data\.nowhere"):
        code.code_digests(["data.nowhere"])
