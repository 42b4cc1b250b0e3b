"""What a command and a configuration file can name: tasks, sections, parameters, and the values that these take."""

from __future__ import annotations

import sys
from typing import Any

import luigi
from luigi.task_register import Register, TaskClassAmbigiousException

from data.errors import UserError

OUR_MODULES = ("tasks", "pipeline")


def our_tasks() -> dict[str, Any]:
    """Our task classes and configuration sections by name, the bases of tasks among them.

    Those of the module that luigi's command names count as ours; it imports `pipeline` below them.
    """
    classes = {name: cls for name in sorted(Register.task_names()) if (cls := _class_of(name)) is not None}
    modules = {*OUR_MODULES, named_module().split(".")[0]}
    return {name: cls for name, cls in classes.items() if cls.__module__.split(".")[0] in modules}


def _class_of(name: str) -> Any:
    """The task class of that name; None where two modules define one, which luigi refuses to tell apart."""
    try:
        return Register.get_task_cls(name)
    except TaskClassAmbigiousException:
        return None


def named_module() -> str:
    """The module that `--module` names; ours where none is."""
    for word, following in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        flag, has_value, value = word.partition("=")
        if flag == "--module":
            return value if has_value else following
    return OUR_MODULES[0]


def runnable_tasks() -> tuple[str, ...]:
    """The names that `luigi --module pipeline NAME` takes."""
    return tuple(
        name for name, cls in our_tasks().items() if not issubclass(cls, luigi.Config) and not cls.__abstractmethods__
    )


def usable_sections() -> dict[str, Any]:
    """Those whose parameters can be set: tasks that can be run, and configuration sections."""
    runnable = runnable_tasks()
    return {name: cls for name, cls in our_tasks().items() if name in runnable or issubclass(cls, luigi.Config)}


def identity_of(cls: Any) -> tuple[str, ...]:
    """The parameters that only the task's own command line can set."""
    identity: tuple[str, ...] = getattr(cls, "identity", ())
    return identity


def parameters_of(cls: Any) -> dict[str, Any]:
    """What a section can set of a task; what identifies it is not among that."""
    return {name: parameter for name, parameter in cls.get_params() if name not in identity_of(cls)}


def parse(parameter: Any, value: str, *, where: str) -> None:
    """Raise UserError where the value is none that the parameter takes."""
    try:
        parameter.parse(value)
    except (ValueError, TypeError) as error:
        raise UserError(
            expected=f"a value for: {parameter.description}",
            found=repr(value),
            where=where,
            way_out=f"correct the value ({error})",
        ) from None
