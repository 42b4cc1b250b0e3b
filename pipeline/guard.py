"""What is checked before any work: task name, flags, configuration files, and that every source is where it should be.

Luigi ignores a mistyped section, takes `--prof` for `--profile` and answers a mistyped task with a traceback. Here each
is one message with the nearest valid name, and exit code 2.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from configparser import InterpolationError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import luigi.configuration
from luigi.cmdline_parser import CmdlineParser
from luigi.configuration.cfg_parser import InterpolationMissingEnvvarError
from luigi.task_register import Register

from data.errors import UserError
from data.sources import all_sources
from tasks.artifact import ArtifactTask
from tasks.images import cautions
from tasks.report import Report
from tasks.settings import configured_sources, current_store
from tasks.sources import check_there
from tasks.spelling import nearest

OUR_MODULES = ("tasks", "pipeline")
# Luigi's documented sections: https://luigi.readthedocs.io/en/stable/configuration.html
_LUIGI_SECTIONS = frozenset(
    """DEFAULT azureblob batch_notifier core cors datadog elasticsearch email execution_summary formatters hadoop
    handlers hdfs hive kubernetes loggers logging mysql postgres prometheus redshift resources retcode s3 scheduler
    sendgrid smtp spark task_history task_visibility webhdfs worker""".split()  # noqa: SIM905  (a list of words reads best as words)
)
_HELP = {"--help", "--help-all"}
_ROOT_TASK = re.compile(r"[A-Za-z_][\w.]*")


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
    if _HELP & set(arguments):
        return None
    with CmdlineParser.global_instance(arguments, allow_override=True) as parser:
        check_sources()
        tasks = list(walk(parser.get_task_obj()))  # a task names the sources it lacks when it is asked for its inputs
        for task in tasks:
            if isinstance(task, ArtifactTask):
                task.settings()  # and refuses values out of range when it is asked for its settings
        reported = [sentence for task in tasks if isinstance(task, Report) for sentence in task.left_out()]
        notices = (*reported, *cautions())
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


def our_tasks() -> dict[str, Any]:
    """Our task classes and configuration sections by name, the bases of tasks among them."""
    names = sorted(Register.task_names())
    classes = {name: Register.get_task_cls(name) for name in names}
    return {name: cls for name, cls in classes.items() if cls.__module__.split(".")[0] in OUR_MODULES}


def runnable_tasks() -> tuple[str, ...]:
    """The names that `luigi --module pipeline NAME` takes."""
    return tuple(
        name for name, cls in our_tasks().items() if not issubclass(cls, luigi.Config) and not cls.__abstractmethods__
    )


def usable_sections() -> dict[str, Any]:
    """Those whose parameters can be set: tasks that can be run, and configuration sections."""
    runnable = runnable_tasks()
    return {name: cls for name, cls in our_tasks().items() if name in runnable or issubclass(cls, luigi.Config)}


def _identity(cls: Any) -> tuple[str, ...]:
    """The parameters that only the task's own command line can set."""
    identity: tuple[str, ...] = getattr(cls, "identity", ())
    return identity


def check_configuration() -> None:
    """The configuration files are there, and every section, key and value of them is one that something reads."""
    _check_named_file()
    config = luigi.configuration.get_config()
    sections = {**usable_sections(), **dict.fromkeys(_LUIGI_SECTIONS)}
    for section in config.sections():
        if section not in sections:
            raise UserError(
                expected="a section that is the name of a task, [sources], [workspace], or one of luigi's",
                found=f"[{section}]{nearest(section, sections)}",
                where=_files_read(),
                way_out="correct the name, or remove the section",
            )
        if sections[section] is not None:
            _check_section(config, section, sections[section])


def _check_named_file() -> None:
    named = os.environ.get("LUIGI_CONFIG_PATH")
    if named and not Path(named).is_file():
        raise UserError(
            expected="the name of a configuration file; a relative one is looked for in the current folder",
            found="no such file",
            where=f"LUIGI_CONFIG_PATH={named}",
            way_out="correct it, give the whole path, or unset it",
        )


def _files_read() -> str:
    """The configuration files in use, for messages."""
    named = os.environ.get("LUIGI_CONFIG_PATH")
    files = [*(["luigi.cfg"] if Path("luigi.cfg").is_file() else []), *([named] if named else [])]
    return " or ".join(files) or "luigi.cfg"


def _check_section(config: Any, section: str, cls: Any) -> None:
    parameters = {name: parameter for name, parameter in cls.get_params() if name not in _identity(cls)}
    for option in config.options(section):
        name = option.replace("-", "_")
        if name not in parameters:
            raise UserError(
                expected=f"one of the settings of [{section}]: {', '.join(sorted(parameters))}",
                found=f"{option}{nearest(name, parameters)}",
                where=f"{_files_read()}, [{section}]",
                way_out="correct the name, or remove the line",
            )
        _parse(parameters[name], _value(config, section, option), where=f"{_files_read()}, [{section}] {option}")


def _value(config: Any, section: str, option: str) -> str:
    try:
        return str(config.get(section, option))
    except InterpolationMissingEnvvarError as error:
        variable = re.search(r"variable (\S+)\.", str(error))
        source = all_sources().get(option)
        origin = f" (the data can be had at {source.address})" if source is not None else ""
        name = variable.group(1) if variable else "?"
        raise UserError(
            expected=f"the environment variable {name} to name a folder",
            found="it is not set",
            where=f"{_files_read()}, [{section}] {option}",
            way_out=f"export {name}=/path/to/the/folder{origin}",
        ) from None
    except InterpolationError as error:
        raise UserError(
            expected="a value in which % is written %%",
            found=str(error).splitlines()[0],
            where=f"{_files_read()}, [{section}] {option}",
            way_out="write %% for a single %",
        ) from None


def _parse(parameter: Any, value: str, *, where: str) -> None:
    try:
        parameter.parse(value)
    except (ValueError, TypeError) as error:
        raise UserError(
            expected=f"a value for: {parameter.description}",
            found=repr(value),
            where=where,
            way_out=f"correct the value ({error})",
        ) from None


def check_arguments(arguments: list[str]) -> None:
    """Every flag is written in full and known, every value can be read, and the task exists."""
    root, flags, others = _split(arguments)
    if root not in runnable_tasks() and not (root is None and _HELP & set(arguments)):
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
    known = _known_flags(root)
    for flag, value in flags:
        if flag not in known:
            raise UserError(
                expected="a flag in full, as --help lists them",
                found=flag + nearest(flag, known),
                where="the command line",
                way_out=f"luigi --module pipeline {root or 'NAME'} --help lists all",
            )
        if value is not None:
            _parse(known[flag], value, where=f"the command line, {flag}")
        elif not isinstance(known[flag], luigi.BoolParameter):
            raise UserError(
                expected=f"a value for: {known[flag].description}",
                found="none",
                where=f"the command line, {flag}",
                way_out=f"write {flag} VALUE",
            )
    if root in runnable_tasks() and not _HELP & set(arguments):
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


def _known_flags(root: str | None) -> dict[str, Any]:
    known = {}
    ours = our_tasks()
    bases = set(ours) - set(usable_sections())
    for task_name, is_without_section, name, parameter in Register.get_all_params():
        if task_name in bases:
            continue  # luigi would take its flags, and nothing would come of them
        if name not in _identity(ours.get(task_name)):
            full = name if is_without_section else f"{task_name}_{name}"
            known["--" + full.replace("_", "-")] = parameter
        if task_name == root:
            known["--" + name.replace("_", "-")] = parameter
    return known


def _split(arguments: list[str]) -> tuple[str | None, list[tuple[str, str | None]], list[str]]:
    """The root task, the flags with their values, as argparse will see them, and what is neither."""
    root: str | None = None
    others: list[str] = []
    flags: list[tuple[str, str | None]] = []
    is_switch = {flag for flag, parameter in _known_flags(None).items() if isinstance(parameter, luigi.BoolParameter)}
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


def check_sources() -> None:
    """Every path under `[sources]` is there and of the right kind."""
    for name, paths in configured_sources().items():
        source = all_sources()[name]
        for path in paths:
            check_there(path, f"{source.title} (to be had at {source.address})")
            if source.is_folder is not None and path.is_dir() != source.is_folder:
                raise UserError(
                    expected="a folder" if source.is_folder else "a file",
                    found="a file" if source.is_folder else "a folder",
                    where=f"[sources] {name} = {path}",
                    way_out=f"{name} is {source.title}: give the {'folder' if source.is_folder else 'file'} itself",
                )
