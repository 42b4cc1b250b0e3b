"""What luigi itself reads of its own sections: it passes over a mistyped key, and runs with its default."""

from __future__ import annotations

from typing import Any

import luigi
import luigi.execution_summary
import luigi.notifications
import luigi.retcodes
from luigi.task_register import Register

# Luigi's documented sections: https://luigi.readthedocs.io/en/stable/configuration.html
SECTIONS = frozenset(
    """DEFAULT azureblob batch_notifier core cors datadog elasticsearch email execution_summary formatters hadoop
    handlers hdfs hive kubernetes loggers logging mysql postgres prometheus redshift resources retcode s3 scheduler
    sendgrid smtp spark task_history task_visibility webhdfs worker""".split()  # noqa: SIM905  (a list of words reads best as words)
)
_CHECKED = ("core", "email", "execution_summary", "retcode", "scheduler", "smtp", "worker")
"""Those whose keys are all parameters of one of luigi's classes; `[core]` has these besides, and old names of some."""
_BESIDE = {
    "core": {
        "autoload_range": luigi.BoolParameter(description="whether tasks of ranges are found without an import"),
        "no_configure_logging": luigi.BoolParameter(description="whether luigi leaves logging alone"),
        "rpc_connect_timeout": luigi.FloatParameter(description="seconds to wait for luigid"),
        "rpc_log_retries": luigi.BoolParameter(description="whether failures to reach luigid are logged"),
        "rpc_retry_attempts": luigi.IntParameter(description="how often to try to reach luigid"),
        "rpc_retry_wait": luigi.IntParameter(description="seconds between these tries"),
    }
}


def parameters(section: str) -> dict[str, Any] | None:
    """The parameters behind the keys of one of luigi's sections; None where it is not known which there are."""
    if section not in _CHECKED:
        return None
    own = dict(Register.get_task_cls(section).get_params())
    return {**own, **_under_old_names(section), **_BESIDE.get(section, {})}


def _under_old_names(section: str) -> dict[str, Any]:
    """Parameters that luigi still takes from this section under another name."""
    known = [one for name in _CHECKED for _, one in Register.get_task_cls(name).get_params()]
    paths = [(one._config_path, one) for one in known if one._config_path]
    return {path["name"].replace("-", "_"): one for path, one in paths if path["section"] == section}
