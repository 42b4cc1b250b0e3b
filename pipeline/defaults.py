"""Luigi made safe where no file or flag says otherwise: no server unless one is named, loud failures, no hang.

Two tasks run at a time: a narrow network gains little from a second thread, and many tasks of the DAG wait for nothing.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence

import luigi.configuration
from luigi.configuration import LuigiConfigParser

from pipeline import scheduler

DEFAULTS = {
    # Luigi's own lock refuses a second command of the same words, in whatever folder; ours are for each artifact.
    "core": {"no_configure_logging": "true", "no_lock": "true", "workers": "2"},
    "worker": {"check_complete_on_run": "true"},
    # Luigi's own default is to exit 0 when tasks failed.
    "retcode": {
        "already_running": "10",
        "missing_data": "20",
        "not_run": "25",
        "task_failed": "30",
        "scheduling_error": "35",
        "unhandled_exception": "40",
    },
}


def put_in_place(arguments: Sequence[str] = ()) -> None:
    """Set every default that neither file nor flag sets, and a start method under which a forked torch cannot hang."""
    config: LuigiConfigParser = luigi.configuration.get_config()
    is_local = {} if scheduler.is_named(arguments, config) else {"local_scheduler": "true"}
    for section, options in {**DEFAULTS, "core": {**DEFAULTS["core"], **is_local}}.items():
        for option, value in options.items():
            if not config.has_option(section, option) and not config.has_option(section, option.replace("_", "-")):
                config.set(section, option, value)
    if multiprocessing.get_start_method(allow_none=True) is None:
        multiprocessing.set_start_method("spawn")
