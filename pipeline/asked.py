"""What a verb of `multigrain` was asked about: a task with luigi's own flags, or a workspace. Checked as luigi's is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import luigi
import typer
from luigi.cmdline_parser import CmdlineParser

from data.errors import UserError
from pipeline import guard
from tasks.artifact import ArtifactTask
from tasks.console import name_of
from tasks.settings import current_store
from tasks.spelling import nearest
from tasks.store import Store

MAIN_JOB = "FullCurriculum"


def _names(incomplete: str) -> list[str]:
    return [name for name in guard.runnable_tasks() if name.startswith(incomplete)]


TaskArgument = Annotated[
    str,
    typer.Argument(
        metavar="[TASK]",
        autocompletion=_names,
        help="a task's name, or its label as current/ has it (Evaluate-vqa); the main job where none is given",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The task that was named, the whole DAG in which it stands, and the arguments that say the same to luigi."""

    task: luigi.Task
    dag: tuple[luigi.Task, ...]
    """Every task that the named one rests on, itself first; of a label, everything below the main job."""
    arguments: tuple[str, ...]
    store: Store
    notices: tuple[str, ...]


@contextmanager
def about(name: str, flags: Sequence[str]) -> Iterator[Asked]:
    """The task of that name or label under luigi's flags, which hold while the block lasts. Raises UserError."""
    root = name if name in guard.runnable_tasks() or "-" not in name else MAIN_JOB
    arguments = [root, *flags]
    checked = guard.check(arguments)
    if checked is None:
        raise UserError(
            expected="a task and its flags",
            found=" ".join(flags),
            where="the command line",
            way_out=f"luigi --module pipeline {root} --help lists its flags",
        )
    with CmdlineParser.global_instance(arguments, allow_override=True):
        dag = tuple(guard.walk(checked.task))
        task = checked.task if root == name else _labelled(name, dag)
        yield Asked(
            task=task, dag=dag, arguments=tuple(arguments), store=current_store(), notices=tuple(checked.notices)
        )


def _labelled(label: str, dag: Sequence[luigi.Task]) -> luigi.Task:
    labels = {name_of(task): task for task in dag if isinstance(task, ArtifactTask)}
    if label not in labels:
        raise UserError(
            expected=f"a task, or one of the labels below {MAIN_JOB}: {', '.join(sorted(labels))}",
            found=label + nearest(label, labels),
            where="the command line",
            way_out="multigrain status lists all",
        )
    return labels[label]


@contextmanager
def workspace(flags: Sequence[str]) -> Iterator[Store]:
    """The workspace that luigi's flags and configuration name; nothing else of them is looked at. Raises UserError."""
    arguments = [MAIN_JOB, *flags]
    guard.check_configuration()
    guard.check_arguments(arguments)
    with CmdlineParser.global_instance(arguments, allow_override=True):
        yield current_store()
