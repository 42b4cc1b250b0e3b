"""The configuration files, checked: luigi ignores a mistyped section, and warns of a mistyped key at best."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from configparser import InterpolationError
from pathlib import Path
from typing import Any

import luigi.configuration
from luigi.configuration.cfg_parser import InterpolationMissingEnvvarError

from data.errors import UserError
from data.sources import all_sources
from pipeline import luigi_settings, unreadable
from pipeline.known import parameters_of, parse, usable_sections
from tasks.spelling import nearest


def check_configuration() -> None:
    """The configuration files are there, and every section, key and value of them is one that something reads."""
    _check_readable()
    _check_named_file()
    config = luigi.configuration.get_config()
    ours = usable_sections()
    for section in config.sections():
        if section not in ours and section not in luigi_settings.SECTIONS:
            raise UserError(
                expected="a section that is the name of a task, [sources], [workspace], or one of luigi's",
                found=f"[{section}]{nearest(section, (*ours, *luigi_settings.SECTIONS))}",
                where=_files_read(),
                way_out="correct the name, or remove the section",
            )
        known = parameters_of(ours[section]) if section in ours else luigi_settings.parameters(section)
        if known is not None:
            _check_section(config, section, known)


def _check_readable() -> None:
    fault = unreadable.FAULT
    if fault is None:
        return
    file = getattr(fault, "source", None) or getattr(fault, "filename", None)
    raise UserError(
        expected="a configuration file: [section] lines, and below each lines of the form name = value",
        found=" ".join(str(fault).split()),
        where=str(file or _files_read()),
        way_out="correct that line",
    )


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


def _check_section(config: Any, section: str, parameters: Mapping[str, Any]) -> None:
    for option in (option for option in config.options(section) if option not in config.defaults()):
        name = option.replace("-", "_")
        if name not in parameters:
            raise UserError(
                expected=f"one of the settings of [{section}]: {', '.join(sorted(parameters))}",
                found=f"{option}{nearest(name, parameters)}",
                where=f"{_files_read()}, [{section}]",
                way_out="correct the name, or remove the line",
            )
        parse(parameters[name], _value(config, section, option), where=f"{_files_read()}, [{section}] {option}")


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
