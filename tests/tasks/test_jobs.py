"""What a process that trains says, and how it ends, reaches the task."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data.errors import UserError
from tasks import jobs
from tasks.artifact import Job

JOB_PREAMBLE = "import json, sys\njob = json.loads(open(sys.argv[1]).read())\n"
heard: list[tuple[float, str]] = []


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Job:
    """Run a module of that body as the child, as a task would."""
    (tmp_path / "pretend_trainer.py").write_text(JOB_PREAMBLE + body)
    monkeypatch.setattr(jobs, "_PROJECT", tmp_path)
    heard.clear()
    folders = {name: tmp_path / name for name in ("result", "record", "scratch")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    with (tmp_path / "lock").open("w") as lock:
        job = Job(
            inputs={}, progress=lambda share, message: heard.append((share, message)), lock=lock.fileno(), **folders
        )
        jobs.run_job("pretend_trainer", job, spec={"name": "token"}, network={}, inputs={"start": None}, num_threads=3)
    return job


def test_progress_is_passed_on_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(
        tmp_path,
        monkeypatch,
        "for share in (0.5, 1.0):\n    print(json.dumps({'progress': share, 'message': 'step'}), flush=True)\n",
    )
    assert heard == [(0.5, "step"), (1.0, "step")]


def test_the_child_is_given_the_job_and_the_number_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "import os, pathlib\n"
        "pathlib.Path(job['result'], 'seen').write_text(job['spec']['name'] + os.environ['OMP_NUM_THREADS'])\n"
    )
    job = run(tmp_path, monkeypatch, body)
    assert (job.result / "seen").read_text() == "token3"


def test_the_child_keeps_the_users_python_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "theirs"))
    body = "import os, pathlib\npathlib.Path(job['result'], 'seen').write_text(os.environ['PYTHONPATH'])\n"
    assert (run(tmp_path, monkeypatch, body).result / "seen").read_text().split(os.pathsep)[-1] == str(
        tmp_path / "theirs"
    )


def test_the_child_holds_the_keys_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "import os, pathlib\n"
        "lock = os.stat(pathlib.Path(job['result']).parent / 'lock')\n"
        "def is_lock(fd):\n"
        "    try:\n        return os.path.samestat(os.fstat(fd), lock)\n    except OSError:\n        return False\n"
        "sys.exit(0 if any(is_lock(fd) for fd in range(3, 256)) else 1)\n"
    )
    run(tmp_path, monkeypatch, body)


def test_a_users_mistake_arrives_with_its_four_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "error = {'expected': 'a', 'found': 'b', 'where': 'c', 'way_out': 'd'}\n"
        "print(json.dumps({'error': error}))\nsys.exit(2)\n"
    )
    with pytest.raises(UserError) as caught:
        run(tmp_path, monkeypatch, body)
    error = caught.value
    assert (error.expected, error.found, error.where, error.way_out) == ("a", "b", "c", "d")


def test_a_crash_names_the_log_and_shows_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match=r"exit code 1; the end of .*record/log\.txt:(.|\n)*ValueError: out of luck"):
        run(tmp_path, monkeypatch, "raise ValueError('out of luck')\n")


def test_a_child_that_is_killed_is_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="exit code -9"):
        run(tmp_path, monkeypatch, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")


@pytest.mark.parametrize("words", ["loading kernels", "3", "[]", '{"note": 1}'])
def test_what_a_library_prints_on_stdout_goes_to_the_log(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = run(tmp_path, monkeypatch, f"print({words!r})\nprint(json.dumps({{'progress': 1.0, 'message': 'done'}}))\n")
    assert heard == [(1.0, "done")]
    assert (job.record / "log.txt").read_text() == words + "\n"


def test_a_second_run_adds_to_the_log_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "log.txt").write_text("before\n")
    job = run(tmp_path, monkeypatch, "print('after', file=sys.stderr)\n")
    assert (job.record / "log.txt").read_text() == "before\nafter\n"
