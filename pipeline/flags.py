"""The command line, checked: luigi takes `--prof` for `--profile`, and answers a mistyped task with a traceback."""

from __future__ import annotations

import re
from typing import Any

import luigi
from luigi.task_register import Register

from data.errors import UserError
from pipeline.known import identity_of, named_module, our_tasks, parse, runnable_tasks, usable_sections
from tasks.spelling import nearest

HELP = frozenset({"--help", "--help-all"})
_ROOT_TASK = re.compile(r"[A-Za-z_][\w.]*")


def check_arguments(arguments: list[str]) -> None:
    """Every flag is written in full and known, every value can be read, and the task exists."""
    root, flags, others = split(arguments)
    if root not in runnable_tasks() and not (root is None and HELP & set(arguments)):
        raise UserError(
            expected=f"a task: {', '.join(runnable_tasks())}",
            found="none" if root is None else root + nearest(root, runnable_tasks()),
            where="the command line",
            way_out="luigi --module pipeline FullCurriculum is the main job",
        )
    if others:
        raise UserError(
            expected="one task and flags that begin with --",
            found=" ".join(others),
            where="the command line",
            way_out="remove these, or write them as flags",
        )
    known = known_flags(root)
    for flag, value in flags:
        if flag not in known:
            raise UserError(
                expected="a flag in full, as --help lists them",
                found=flag + nearest(flag, known),
                where="the command line",
                way_out=f"luigi --module {named_module()} {root or 'NAME'} --help lists all",
            )
        if value is not None:
            parse(known[flag], value, where=f"the command line, {flag}")
        elif not isinstance(known[flag], luigi.BoolParameter):
            raise UserError(
                expected=f"a value for: {known[flag].description}",
                found="none",
                where=f"the command line, {flag}",
                way_out=f"write {flag} VALUE",
            )
    if root in runnable_tasks() and not HELP & set(arguments):
        _check_all_given(root, {flag for flag, _ in flags})


def _check_all_given(root: str, flags: set[str]) -> None:
    """Every parameter of the root that has no default is given."""
    for name, parameter in our_tasks()[root].get_params():
        flag = f"--{name.replace('_', '-')}"
        if flag not in flags and not parameter.has_task_value(root, name):
            raise UserError(
                expected=f"a value for: {parameter.description}",
                found=f"no {flag}",
                where="the command line",
                way_out=f"write {flag} VALUE",
            )


def known_flags(root: str | None) -> dict[str, Any]:
    """The parameters behind all flags that luigi takes where `root` is the task that is asked for."""
    known = {}
    ours = our_tasks()
    bases = set(ours) - set(usable_sections())
    for task_name, is_without_section, name, parameter in Register.get_all_params():
        if task_name in bases:
            continue  # luigi would take its flags, and nothing would come of them
        if name not in identity_of(ours.get(task_name)):
            full = name if is_without_section else f"{task_name}_{name}"
            known["--" + full.replace("_", "-")] = parameter
        if task_name == root:
            known["--" + name.replace("_", "-")] = parameter
    return known


def switches() -> frozenset[str]:
    """The flags that take no value."""
    return frozenset(flag for flag, one in known_flags(None).items() if isinstance(one, luigi.BoolParameter))


def split(arguments: list[str]) -> tuple[str | None, list[tuple[str, str | None]], list[str]]:
    """The root task, the flags with their values, as argparse will see them, and what is neither."""
    root: str | None = None
    others: list[str] = []
    flags: list[tuple[str, str | None]] = []
    is_switch = switches()
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            if root is None and _ROOT_TASK.fullmatch(word):
                root = word
            else:
                others.append(word)
            continue
        flag, has_value, value = word.partition("=")
        if not has_value and flag not in is_switch and waiting and not waiting[0].startswith("--"):
            has_value, value = "=", waiting.pop(0)
        flags.append((flag, value if has_value else None))
    return root, flags, others
