"""What is checked before any work: task name, flags, configuration files, and that every source is where it should be.

Luigi ignores a mistyped section, takes `--prof` for `--profile` and answers a mistyped task with a traceback. Here each
is one message with the nearest valid name, and exit code 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import InterpolationError
from pathlib import Path
from typing import Any

import luigi.configuration
from luigi.cmdline_parser import CmdlineParser
from luigi.configuration.cfg_parser import InterpolationMissingEnvvarError
from luigi.task_register import Register

from data.errors import UserError
from data.sources import all_sources
from tasks.artifact import ArtifactTask
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


def check(arguments: list[str]) -> Path | None:
    """Check luigi's arguments and the configuration; raises UserError at the first mistake.

    Gives the workspace's root as these arguments set it; None where they only ask for help.
    """
    check_configuration()
    check_arguments(arguments)
    if _HELP & set(arguments):
        return None
    with CmdlineParser.global_instance(arguments, allow_override=True) as parser:
        check_sources()
        for task in walk(_root_task(parser)):  # a task names the sources it lacks when it is asked for its inputs
            if isinstance(task, ArtifactTask):
                task.settings()  # and refuses values out of range when it is asked for its settings
        return current_store().root


def _root_task(parser: CmdlineParser) -> luigi.Task:
    try:
        task: luigi.Task = parser.get_task_obj()
    except luigi.parameter.MissingParameterException as error:
        raise UserError(
            expected="a value for every parameter that has no default",
            found=str(error),
            where="the command line",
            way_out="give it as a flag; --help lists them",
        ) from None
    return task


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
    """Our task classes and configuration sections by name; those that a user can run are subclasses of luigi.Task."""
    names = sorted(Register.task_names())
    classes = {name: Register.get_task_cls(name) for name in names}
    return {name: cls for name, cls in classes.items() if cls.__module__.split(".")[0] in OUR_MODULES}


def runnable_tasks() -> tuple[str, ...]:
    """The names that `luigi --module pipeline NAME` takes."""
    return tuple(
        name for name, cls in our_tasks().items() if not issubclass(cls, luigi.Config) and not cls.__abstractmethods__
    )


def check_configuration() -> None:
    """Every section, key and value of the configuration files is one that something reads."""
    config = luigi.configuration.get_config()
    sections = {**our_tasks(), **dict.fromkeys(_LUIGI_SECTIONS)}
    for section in config.sections():
        if section not in sections:
            raise UserError(
                expected="a section that is the name of a task, [sources], [workspace], or one of luigi's",
                found=f"[{section}]{nearest(section, sections)}",
                where="luigi.cfg",
                way_out="correct the name, or remove the section",
            )
        if sections[section] is not None:
            _check_section(config, section, sections[section])


def _check_section(config: Any, section: str, cls: Any) -> None:
    parameters = dict(cls.get_params())
    for option in config.options(section):
        name = option.replace("-", "_")
        if name not in parameters:
            raise UserError(
                expected=f"one of the settings of [{section}]: {', '.join(sorted(parameters))}",
                found=f"{option}{nearest(name, parameters)}",
                where=f"luigi.cfg [{section}]",
                way_out="correct the name, or remove the line",
            )
        _parse(parameters[name], _value(config, section, option), where=f"luigi.cfg [{section}] {option}")


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
            where=f"luigi.cfg [{section}] {option}",
            way_out=f"export {name}=/path/to/the/folder{origin}",
        ) from None
    except InterpolationError as error:
        raise UserError(
            expected="a value in which % is written %%",
            found=str(error).splitlines()[0],
            where=f"luigi.cfg [{section}] {option}",
            way_out="write %% for a single %",
        ) from None


def _parse(parameter: Any, value: str, *, where: str) -> None:
    try:
        parameter.parse(value)
    except (ValueError, TypeError) as error:
        raise UserError(
            expected=f"a value for a {type(parameter).__name__.replace('Optional', '')} ({parameter.description})",
            found=repr(value),
            where=where,
            way_out=f"correct the value ({error})",
        ) from None


def check_arguments(arguments: list[str]) -> None:
    """Every flag is written in full and known, every value can be read, and the task exists."""
    root, flags = _split(arguments)
    if root not in runnable_tasks() and not (root is None and _HELP & set(arguments)):
        raise UserError(
            expected=f"a task: {', '.join(runnable_tasks())}",
            found="none" if root is None else root + nearest(root, runnable_tasks()),
            where="the command line",
            way_out="luigi --module pipeline FullCurriculum is the main job",
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


def _known_flags(root: str | None) -> dict[str, Any]:
    known = {}
    for task_name, is_without_section, name, parameter in Register.get_all_params():
        full = name if is_without_section else f"{task_name}_{name}"
        known["--" + full.replace("_", "-")] = parameter
        if task_name == root:
            known["--" + name.replace("_", "-")] = parameter
    return known


def _split(arguments: list[str]) -> tuple[str | None, list[tuple[str, str | None]]]:
    """The root task and the flags with their values, as argparse will see them."""
    root: str | None = None
    flags: list[tuple[str, str | None]] = []
    is_switch = {flag for flag, parameter in _known_flags(None).items() if isinstance(parameter, luigi.BoolParameter)}
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            root = root or (word if _ROOT_TASK.fullmatch(word) else root)
            continue
        flag, has_value, value = word.partition("=")
        if not has_value and flag not in is_switch and waiting and not waiting[0].startswith("--"):
            has_value, value = "=", waiting.pop(0)
        flags.append((flag, value if has_value else None))
    return root, flags


def check_sources() -> None:
    """Every path under `[sources]` is there and of the right kind."""
    for name, paths in configured_sources().items():
        source = all_sources()[name]
        for path in paths:
            check_there(path, f"{source.title} (to be had at {source.address})")
            if path.is_dir() != source.is_folder:
                raise UserError(
                    expected="a folder" if source.is_folder else "a file",
                    found="a file" if source.is_folder else "a folder",
                    where=f"[sources] {name} = {path}",
                    way_out=f"{name} is {source.title}: give the {'folder' if source.is_folder else 'file'} itself",
                )
