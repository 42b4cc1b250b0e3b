"""A real `luigid` on loopback, and what it says over its interface."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from tests import commands

LUIGID = commands.LUIGI.with_name("luigid")
_PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Luigid:
    """A server that runs."""

    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    def ask(self, method: str, **data: Any) -> Any:
        """The answer of one method of its interface."""
        with urlopen(f"{self.url}api/{method}?data={quote(json.dumps(data))}", timeout=10) as answer:
            return json.load(answer)["response"]

    def tasks(self) -> dict[str, dict[str, Any]]:
        """What it knows of every task, by family and, where there is one, name."""
        listed = self.ask("task_list", status="", upstream_status="")
        return {
            "-".join(filter(None, (task["name"], task["params"].get("name")))): {**task, "id": name}
            for name, task in listed.items()
        }

    def wait_until(self, holds: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        """The tasks as soon as something holds of them; fails if it never does."""
        end = time.monotonic() + _PATIENCE_S
        while not holds(tasks := self.tasks()):
            assert time.monotonic() < end, tasks
            time.sleep(0.1)
        return tasks


@contextmanager
def running(folder: Path) -> Iterator[Luigid]:
    """A server on a free port of loopback that keeps what it knows in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        luigid = Luigid(port=free.getsockname()[1])
    process = subprocess.Popen(
        [LUIGID, "--address", "127.0.0.1", "--port", str(luigid.port), "--state-path", str(folder / "luigid.pickle")],
        cwd=folder,
        env=commands.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_there(luigid, process)
        yield luigid
    finally:
        process.terminate()
        process.wait()


def _wait_until_there(luigid: Luigid, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            luigid.ask("task_list", status="", upstream_status="")
            return
        except URLError:
            assert process.poll() is None, "luigid ended"
            assert time.monotonic() < end, "luigid does not answer"
            time.sleep(0.1)
