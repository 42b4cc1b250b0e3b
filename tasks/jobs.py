"""Training and evaluation run in a process of their own: `python -m model.train JOB.json`; see docs/formats.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TextIO

from data.errors import UserError
from tasks.artifact import Job

_PROJECT = Path(__file__).parents[1]


def run_job(
    module: str,
    job: Job,
    *,
    spec: Any,
    network: Any,
    inputs: dict[str, Any],
    num_threads: int,
    num_devices: int = 1,
    checkpoint_every_s: float = 20.0,
) -> None:
    """Run the module on the job; its progress becomes the task's, its UserError ours, its log `record/log.txt`.

    On several devices it runs in as many processes.

    The child inherits the key's lock: should this process be killed, nobody else starts before the child is gone.
    """
    description = {
        "spec": spec,
        "network": network,
        "inputs": inputs,
        "result": str(job.result),
        "record": str(job.record),
        "checkpoints": str(job.scratch / "checkpoints"),
        "checkpoint_every_s": checkpoint_every_s,
    }
    file = job.scratch / "job.json"
    file.write_text(json.dumps(description, indent=2), "utf-8")
    log_file = job.record / "log.txt"
    threads = str(num_threads)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_PROJECT), os.environ.get("PYTHONPATH")))),
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait cost five-fold on a busy machine
    }
    with (
        log_file.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            [sys.executable, "-m", *_module(module, num_devices), str(file)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            pass_fds=(job.lock,),
            env=environment,
        ) as child,
    ):
        error = _follow(child, job, log)
    if error is not None:
        raise UserError(**error)
    if child.returncode:
        tail = "\n".join(log_file.read_text("utf-8", errors="replace").splitlines()[-15:])
        raise RuntimeError(f"{module} ended with exit code {child.returncode}; the end of {log_file}:\n{tail}")


def _module(module: str, num_devices: int) -> tuple[str, ...]:
    return (module,) if num_devices == 1 else ("model.launch", str(num_devices), module)


def _follow(child: subprocess.Popen[str], job: Job, log: TextIO) -> dict[str, str] | None:
    """Pass progress on until the child closes its stdout; what a library prints there goes to the log."""
    assert child.stdout is not None
    error = None
    for line in child.stdout:
        match _said(line):
            case {"progress": share, "message": message}:
                job.progress(share, message)
            case {"error": error}:
                pass
            case _:
                log.write(line)
    return error


def _said(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
