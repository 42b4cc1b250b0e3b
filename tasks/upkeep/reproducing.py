"""An artifact made again in a clean workspace from what its manifest says, and the two compared.

The manifest names the parameters of everything below it and the sources that were set; the manifests of its ancestors
name the code, and every source file with the digest of what it held.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from data.errors import SourceError, UserError
from data.progress import Progress
from tasks import pins
from tasks.code import digests_of
from tasks.explain.ancestry import Ancestor, Made, lineage, store_of
from tasks.manifest import Artifact
from tasks.pins import Pin
from tasks.store import Store
from tasks.upkeep.giving import give
from tasks.upkeep.rebuilding import changed_files

_NAMED = 5  # modules in a message
_PYTHON = "python"


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """What came of it: luigi's exit code, the digests of both results, and the files that differ."""

    code: int
    old_digest: str
    new_digest: str | None
    changed: tuple[str, ...] = ()


def check(artifact: Artifact, *, into: Path, progress: Progress) -> tuple[Pin, ...]:
    """The pins of all sources that it came from. Raises UserError where code or a source is not what it was."""
    _check_empty(into)
    ancestors = lineage(artifact).artifacts
    check_all_there(ancestors, artifact)
    check_code(ancestors, artifact)
    return tuple(checked_source(store_of(artifact).root, made, progress) for made in _sources(ancestors))


def reproduce(artifact: Artifact, *, into: Path, read: Iterable[Pin]) -> Reproduced:
    """Build what was checked again in the workspace `into`; sources are not read twice for their digests."""
    root = into.absolute()
    root.mkdir(parents=True, exist_ok=True)
    for pin in read:
        pins.remember(root, pin)
    code = give(arguments(artifact, lineage(artifact).artifacts, root=root), folder=root)
    new = Store(root).current(artifact.manifest["recorded"]["label"])
    if code or new is None:
        return Reproduced(code=code, old_digest=artifact.digest(), new_digest=None)
    changed = changed_files(artifact, new)
    return Reproduced(code=0, old_digest=artifact.digest(), new_digest=new.digest(), changed=changed)


def arguments(artifact: Artifact, ancestors: Iterable[Ancestor], *, root: Path) -> tuple[str, ...]:
    """Luigi's arguments that build it again in the workspace `root`."""
    family, recorded = artifact.manifest["family"], artifact.manifest["recorded"]
    inputs = {(each.family, made.name): made.path for each in ancestors for made in each.inputs if made.path}
    set_then = {**recorded["configuration"]["tasks"], family: recorded["parameters"]}
    values = {
        (of, name): inputs.get((of, name), value)  # a path that was relative to the folder of that command
        for of, parameters in set_then.items()
        for name, value in parameters.items()
    }
    of_tasks = {name if of == family else f"{of}-{name}": value for (of, name), value in values.items()}
    sources = {f"sources-{name}": ",".join(paths) for name, paths in _to_set(recorded, inputs.values()).items()}
    flags = {"workspace-root": str(root), **of_tasks, **sources}
    return (family, *(f"--{name.replace('_', '-')}={value}" for name, value in flags.items()))


def check_all_there(ancestors: Iterable[Ancestor], artifact: Artifact) -> None:
    """Raise UserError unless the manifest of everything that it came from can be read."""
    gone = [f"{each.label} {each.key[:12]}" for each in ancestors if each.folder is None]
    if gone or "configuration" not in artifact.manifest["recorded"]:
        raise UserError(
            expected="the manifests of everything that it came from, with all that was set",
            found=f"these are no longer there: {', '.join(gone)}" if gone else "one that an older version wrote",
            where=str(artifact.folder),
            way_out="bring back the workspace in which it was built, or build it anew",
        )


def check_code(ancestors: Sequence[Ancestor], artifact: Artifact) -> None:
    """Raise UserError naming modules and libraries that differ, and the commit that has them."""
    changed = sorted({name for each in ancestors for name in _changed_modules(each.code)})
    libraries = sorted({text for each in ancestors for text in _changed_libraries(each)})
    if not changed and not libraries:
        return
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    raise UserError(
        expected="the code and the libraries that built it",
        found="; ".join(
            filter(None, (f"other code: {', '.join(changed[:_NAMED])}{more}" if changed else "", *libraries))
        ),
        where=str(artifact.folder),
        way_out=_way_out(artifact.manifest["recorded"]["git_commit"], changed, libraries),
    )


def checked_source(root: Path, made: Made, progress: Progress) -> Pin:
    """The pin of a source that is there and holds what it held. Raises SourceError."""
    assert made.path is not None
    path = Path(made.path)
    try:
        pin = pins.find(root, path) or pins.read(path, progress)
    except OSError as error:
        raise _other_source(path, found=(error.strerror or type(error).__name__).lower()) from error
    if pin.digest != made.digest:
        raise _other_source(path, found="other content" if made.sha256 is None else f"not SHA-256 {made.sha256}")
    return pin


def _check_empty(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UserError(
            expected="a folder that is empty, or not there yet",
            found="a file" if into.is_file() else "a folder that holds something",
            where=f"--into {into}",
            way_out="name another",
        )


def _sources(ancestors: Iterable[Ancestor]) -> tuple[Made, ...]:
    """Every source file that any of them read."""
    read = [made for each in ancestors for made in each.inputs if made.path is not None]
    return tuple({(made.path, made.digest): made for made in read}.values())


def _to_set(recorded: Mapping[str, Any], read: Iterable[str]) -> dict[str, list[str]]:
    """The sources to set: all that were, but for those that are gone and that nothing here reads."""
    were: Mapping[str, list[str]] = recorded["configuration"]["sources"]
    known = set(read)
    return {name: paths for name, paths in were.items() if known & set(paths) or all(map(os.path.exists, paths))}


def _changed_modules(code: Mapping[str, str]) -> Iterator[str]:
    now = digests_of(code)
    for name, digest in code.items():
        if name != _PYTHON and now.get(name) != digest:
            yield name


def _changed_libraries(ancestor: Ancestor) -> Iterator[str]:
    """Those that decided the result, and Python's minor version."""
    were = {**ancestor.libraries, _PYTHON: ancestor.code[_PYTHON]}
    for name, version in were.items():
        now = digests_of([])[_PYTHON] if name == _PYTHON else _version(name)
        if now != version:
            yield f"{name} {version} -> {now}"


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "none"


def _way_out(commit: str | None, changed: Iterable[str], libraries: Iterable[str]) -> str:
    steps = []
    if any(changed):
        steps.append(f"git checkout {commit.removesuffix('-dirty')}" if commit else "find the code that built it")
    if commit and commit.endswith("-dirty"):
        steps.append("make the changes again that were not committed then")
    if any(libraries):
        steps.append(f"install {', '.join(text.partition(' -> ')[0] for text in libraries)}")
    return ", ".join(steps)


def _other_source(path: Path, *, found: str) -> SourceError:
    return SourceError(
        expected="the source file from which it was built",
        found=found,
        where=str(path),
        way_out="put the file back where it was, as it was",
    )
