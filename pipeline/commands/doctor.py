"""`multigrain doctor`: whether this machine, this workspace and these sources are fit for a run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from configparser import Error
from pathlib import Path

import typer
from luigi.configuration import LuigiConfigParser

from data.errors import UserError
from pipeline import asked
from pipeline.output import say_columns, say_json
from tasks.explain.plan import plan
from tasks.settings import configured_sources, current_store
from tasks.upkeep import filesystem, machine, source_files
from tasks.upkeep.findings import Finding, of_error


def command(context: typer.Context, as_json: asked.JsonOption = False) -> None:
    """Try whether a run can work here.

    Looks at configuration, sources, libraries, GPU, memory, disk, and what the workspace's file system can do. Exits 1
    where something is wrong. Leaves nothing behind.
    """
    found = list(_findings(context.args))
    if as_json:
        say_json(found)
    else:
        _say(found)
    raise typer.Exit(1 if any(each.state == "wrong" for each in found) else 0)


def _findings(flags: Sequence[str]) -> Iterator[Finding]:
    """All findings; what is wrong with the configuration is one of them, and the rest is looked at all the same."""
    root, needed_bytes, wants_gpu = _root(), 0, False
    try:
        with asked.workspace(flags) as store:
            root = store.root
            yield _configuration()
            sources = list(source_files.findings(configured_sources()))
            yield from sources
        if not any(each.state == "wrong" for each in sources):
            with asked.about(asked.MAIN_JOB, flags) as given:
                yield Finding(subject="tasks", state="ok", said=f"{len(given.dag)} in the main job")
                wants_gpu = any(getattr(task, "device", "cpu") == "cuda" for task in given.dag)
                planned = plan(given.task, given.store).tasks
                needed_bytes = sum(task.cost.written_bytes or 0 for task in planned if task.cost is not None)
    except UserError as error:
        yield of_error("configuration", error)
    yield from machine.versions()
    yield machine.gpu(is_wanted=wants_gpu)
    yield from (machine.processors(), machine.memory(), machine.room(root, needed_bytes=needed_bytes))
    yield from filesystem.findings(root)


def _root() -> Path:
    """The workspace's root as far as the configuration can be read."""
    try:
        with warnings.catch_warnings(action="ignore"):  # luigi's, of keys that nobody reads: they are a finding
            return current_store().root
    except Error:
        return Path("workspace").absolute()


def _configuration() -> Finding:
    files = [str(Path(path).absolute()) for path in LuigiConfigParser._config_paths if Path(path).is_file()]
    said = " and ".join(files) or "no luigi.cfg here: defaults apply"
    return Finding(subject="configuration", state="ok", said=said)


def _say(found: Sequence[Finding]) -> None:
    say_columns((each.state, each.subject, each.said) for each in found)
    for each in found:
        if each.way_out:
            print(f"{each.subject}: {each.way_out}")
    num_wrong = sum(each.state == "wrong" for each in found)
    print(f"{num_wrong} wrong" if num_wrong else "Nothing is wrong.")
