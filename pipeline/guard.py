"""What is checked before any work: configuration files, flags, and that every source is where it should be.

Each mistake is one message with the nearest valid name, and exit code 2.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import luigi
from luigi.cmdline_parser import CmdlineParser

from data.errors import UserError
from data.sources import all_sources
from pipeline.configuration import check_configuration
from pipeline.flags import HELP, check_arguments
from tasks.artifact import ArtifactTask
from tasks.images import cautions
from tasks.settings import configured_sources, current_store
from tasks.sources import check_beside, check_kind, check_there


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A command in which nothing is wrong: its task, the workspace's root, and what is to be said before work."""

    task: luigi.Task
    root: Path
    notices: tuple[str, ...]


def check(arguments: list[str]) -> Checked | None:
    """Check luigi's arguments and the configuration; raises UserError at the first mistake.

    None where they only ask for help.
    """
    check_configuration()
    check_arguments(arguments)
    if HELP & set(arguments):
        return None
    with CmdlineParser.global_instance(arguments, allow_override=True) as parser:
        check_sources()
        tasks = list(walk(parser.get_task_obj()))  # a task names the sources it lacks when it is asked for its inputs
        for task in tasks:
            if isinstance(task, ArtifactTask):
                task.settings()  # and refuses values out of range when it is asked for its settings
        said = [sentence for task in tasks if isinstance(task, ArtifactTask) for sentence in task.notices()]
        notices = (*said, *cautions())
        return Checked(task=tasks[0], root=_check_root(current_store().root), notices=notices)


def _check_root(root: Path) -> Path:
    """The workspace's root, if it can be written to or made."""
    nearest_there = next(folder for folder in (root, *root.parents) if folder.exists())
    if not nearest_there.is_dir() or not os.access(nearest_there, os.W_OK | os.X_OK):
        raise UserError(
            expected="a folder that can be written to, or made",
            found="a file" if nearest_there.is_file() else "a folder without permission to write",
            where=f"[workspace] root = {root}: {nearest_there}",
            way_out="set --workspace-root, or [workspace] root, to another folder",
        )
    return root


def walk(root: luigi.Task) -> Iterator[luigi.Task]:
    """Every task of the DAG once, the root first."""
    waiting, seen = [root], set()
    while waiting:
        task = waiting.pop()
        if task.task_id in seen:
            continue
        seen.add(task.task_id)
        yield task
        waiting.extend(task.deps())


def check_sources() -> None:
    """Every path under `[sources]` is there and of the right kind."""
    for name, paths in configured_sources().items():
        source = all_sources()[name]
        for path in paths:
            check_there(path, f"{source.title} (to be had at {source.address})")
            check_kind(source, path)
            check_beside(source, path)
