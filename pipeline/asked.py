"""What a verb of `multigrain` was asked about: a task with luigi's own flags, or a workspace. Checked as luigi's is."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import luigi
import typer
from luigi.cmdline_parser import CmdlineParser

from data.errors import UserError
from pipeline import guard
from pipeline.configuration import check_configuration
from pipeline.curriculum import CURRICULA
from pipeline.flags import check_arguments, known_flags, split, switches
from pipeline.known import runnable_tasks
from tasks.artifact import ArtifactTask
from tasks.console import name_of
from tasks.explain.ancestry import labels
from tasks.settings import current_store
from tasks.spelling import nearest
from tasks.store import Store

MAIN_JOB, *OTHER_JOBS = CURRICULA
"""What is asked about where no task is named, and what a label may stand below besides."""


def complete_label(context: typer.Context, incomplete: str) -> list[str]:
    """The labels in `current/` that begin so; for a shell, which is told nothing of mistakes."""
    try:
        with workspace(apart(context.args).flags) as store:
            return [label for label in labels(store) if label.startswith(incomplete)]
    except UserError:
        return []


def complete_task(context: typer.Context, incomplete: str) -> list[str]:
    """The names of tasks that begin so, and the labels in `current/`."""
    names = [name for name in runnable_tasks() if name.startswith(incomplete)]
    return sorted({*names, *complete_label(context, incomplete)})


TaskArgument = Annotated[
    str,
    typer.Argument(
        metavar="TASK",
        autocompletion=complete_task,
        help="a task's name, or its label as current/ has it (Evaluate-vqa); the main job where none is given",
    ),
]
RequiredTask = Annotated[
    str,
    typer.Argument(metavar="TASK", autocompletion=complete_task, help="a task's name, or its label as current/ has it"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of a command line: names, and luigi's flags with their values."""

    names: tuple[str, ...]
    flags: tuple[str, ...]


def apart(words: Sequence[str]) -> Words:
    """Names apart from luigi's flags: typer, which does not know these, takes the first word for its argument."""
    return without_flags(words, ())


def without_flags(words: Sequence[str], own: Container[str]) -> Words:
    """Luigi's flags apart from all else: names, and the options that are a verb's own, with their values."""
    bare = switches()
    names, flags, waiting = [], [], list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--") or word.partition("=")[0] in own:
            names.append(word)
            continue
        flags.append(word)
        if "=" not in word and word not in bare and waiting and not waiting[0].startswith("--"):
            flags.append(waiting.pop(0))
    return Words(names=tuple(names), flags=tuple(flags))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The task that was named, the whole DAG in which it stands, and the arguments that say the same to luigi."""

    task: luigi.Task
    dag: tuple[luigi.Task, ...]
    """Every task that the named one rests on, itself first; of a label, everything below its curriculum."""
    arguments: tuple[str, ...]
    store: Store
    notices: tuple[str, ...]


@contextmanager
def about(name: str, flags: Sequence[str]) -> Iterator[Asked]:
    """The task of that name or label under luigi's flags, which hold while the block lasts. Raises UserError."""
    is_label = name not in runnable_tasks() and "-" in name
    root = _job_of(name, flags) if is_label else name
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
        task = _labelled(name, dag) if is_label else checked.task
        yield Asked(
            task=task, dag=dag, arguments=tuple(arguments), store=current_store(), notices=tuple(checked.notices)
        )


def _labelled(label: str, dag: Sequence[luigi.Task]) -> luigi.Task:
    known = {name_of(task): task for task in dag if isinstance(task, ArtifactTask)}
    if label not in known:
        raise UserError(
            expected=f"a task, or one of the labels below {MAIN_JOB} ({', '.join(sorted(known))}) "
            f"or {' or '.join(OTHER_JOBS)}",
            found=label + nearest(label, known),
            where="the command line",
            way_out="multigrain status lists all",
        )
    return known[label]


def alone(task: luigi.Task, flags: Sequence[str]) -> tuple[str, ...]:
    """Luigi's arguments for a task of the main job's DAG, under the flags that were given for that job."""
    values = task.to_str_params()
    identity: tuple[str, ...] = getattr(task, "identity", ())
    return (task.task_family, *(f"--{name.replace('_', '-')}={values[name]}" for name in identity), *flags)


def for_main_job(task: luigi.Task, flags: Sequence[str]) -> tuple[str, ...]:
    """Luigi's arguments for the first curriculum that has the task, under the flags that were given for it."""
    jobs = [_for_job(job, task, flags) for job in (MAIN_JOB, *OTHER_JOBS)]
    return next((job for job in jobs if name_of(task) in _labels_below(job)), jobs[0])


def _for_job(job: str, task: luigi.Task, flags: Sequence[str]) -> tuple[str, ...]:
    known = known_flags(job)
    found = [job]
    for flag, value in split(list(flags))[1]:
        name = flag if flag in known else f"--{task.task_family}-{flag.removeprefix('--')}"
        if name in known:  # what identifies the task among its kind is no flag of the whole job
            found.append(name if value is None else f"{name}={value}")
    return tuple(found)


def _job_of(label: str, flags: Sequence[str]) -> str:
    """The first curriculum that has a task of that label; the main job where none has."""
    return next((job for job in (MAIN_JOB, *OTHER_JOBS) if label in _labels_below((job, *flags))), MAIN_JOB)


def _labels_below(arguments: Sequence[str]) -> frozenset[str]:
    """Those of a curriculum; none where its sources are not set, or something is wrong with the flags."""
    with contextlib.suppress(UserError):
        check_arguments([*arguments])
        with CmdlineParser.global_instance([*arguments], allow_override=True) as parser:
            return frozenset(map(name_of, guard.walk(parser.get_task_obj())))
    return frozenset()


@contextmanager
def workspace(flags: Sequence[str]) -> Iterator[Store]:
    """The workspace that luigi's flags and configuration name; nothing else of them is looked at. Raises UserError."""
    arguments = [MAIN_JOB, *flags]
    check_configuration()
    check_arguments(arguments)
    with CmdlineParser.global_instance(arguments, allow_override=True):
        yield current_store()
