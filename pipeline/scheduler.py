"""Which scheduler a command has: one of its own, or the luigid that a flag or the configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from luigi.cmdline_parser import CmdlineParser
from luigi.configuration import LuigiConfigParser
from luigi.interface import core
from luigi.rpc import RemoteScheduler, RPCError

from data.errors import UserError

_NAMES = ("scheduler-host", "scheduler-port", "scheduler-url")


def is_named(arguments: Sequence[str], config: LuigiConfigParser) -> bool:
    """Whether a flag, or `[core]`, says where a luigid is."""
    flags = {argument.partition("=")[0] for argument in arguments}
    options = [option for name in _NAMES for option in (f"default-{name}", name)]
    return any(f"--{name}" in flags for name in _NAMES) or any(
        config.has_option("core", option) or config.has_option("core", option.replace("-", "_")) for option in options
    )


def check_answers(arguments: list[str]) -> None:
    """The luigid that the command names is there, if it names one: luigi would wait for minutes. Raises UserError."""
    with CmdlineParser.global_instance(arguments, allow_override=True):
        asked = core()
    if asked.local_scheduler:
        return
    url = asked.scheduler_url or f"http://{asked.scheduler_host}:{asked.scheduler_port}/"
    try:
        luigid: Any = RemoteScheduler(url)
        luigid._rpc_retry_attempts, luigid._rpc_log_retries = 1, False
        luigid.is_pause_enabled()
        luigid.close()
    except (RPCError, ValueError, AssertionError) as error:
        raise UserError(
            expected="a luigid that answers, since a flag or [core] names one",
            found="no answer",
            where=url,
            way_out="start luigid there, correct --scheduler-url, or give --local-scheduler to do without",
        ) from error
