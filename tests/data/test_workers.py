from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from data.workers import in_order

ROOT = Path(__file__).parents[2]

_PARENT = """
import os, time
from data.workers import spawned

if __name__ == "__main__":
    with spawned(2) as pool:
        workers = {pool.submit(os.getpid).result() for _ in range(8)}
        print(*workers, flush=True)
        time.sleep(600)
"""


def double(number: int) -> int:
    return 2 * number


def test_results_come_in_the_order_of_the_items_whatever_the_number_of_workers() -> None:
    expected = [2 * number for number in range(100)]
    assert list(in_order(double, range(100), num_workers=1)) == expected
    assert list(in_order(double, range(100), num_workers=2)) == expected


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert workers
        parent.send_signal(signal.SIGKILL)
    for _ in range(300):
        if not any(map(is_running, workers)):
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {[pid for pid in workers if is_running(pid)]}")


def is_running(pid: int) -> bool:
    """Whether the process is there and more than a zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
