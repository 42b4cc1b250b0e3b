"""What there is to work with: versions of libraries, a GPU, processors, memory, room on the disk."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from tasks.upkeep.findings import Finding

_NAMED = ("luigi", "torch", "spacy")
_NEEDED = (*_NAMED, "h5py", "nltk", "numpy", "pandas", "pyarrow", "safetensors", "tokenizers")
_LEAST_MEMORY_BYTES = 4 * 10**9
_LEAST_ROOM_BYTES = 5 * 10**9
_GPU_TIMEOUT_S = 120

# torch is asked in a process of its own: luigi's must never import it.
_GPUS = """
import json, torch
print(json.dumps([torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]))
"""
_CONTROL_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def versions() -> Iterator[Finding]:
    """The versions that matter most, and every library that is missing."""
    found = {library: _version(library) for library in _NEEDED}
    named = ", ".join(f"{library} {found[library]}" for library in _NAMED if found[library])
    yield Finding(subject="versions", state="ok", said=f"Python {platform.python_version()}, {named}")
    missing = [library for library, version in found.items() if version is None]
    if missing:
        said = f"not installed: {', '.join(missing)}"
        yield Finding(subject="versions", state="wrong", said=said, way_out=f"pip install {' '.join(missing)}")


def gpu(*, is_wanted: bool) -> Finding:
    """Whether torch sees one; only a task that is to run on it needs it."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _GPUS], capture_output=True, text=True, check=True, timeout=_GPU_TIMEOUT_S
        )
        names = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return _no_torch(f"torch does not answer within {_GPU_TIMEOUT_S} s")
    except subprocess.CalledProcessError as error:
        return _no_torch(f"torch cannot be used: {(error.stderr.strip().splitlines() or ['it was killed'])[-1]}")
    if names:
        return Finding(subject="GPU", state="ok", said=", ".join(names))
    if is_wanted:
        way_out = "leave --TASK-device out, or install a driver and a torch that fit the GPU"
        return Finding(
            subject="GPU", state="wrong", said="none that torch sees, and a task has device cuda", way_out=way_out
        )
    return Finding(subject="GPU", state="ok", said="none that torch sees; training runs on the CPU")


def processors() -> Finding:
    """How many this process may use."""
    num_usable = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count()
    return Finding(subject="processors", state="ok", said=f"{num_usable} of {os.cpu_count()}")


def memory() -> Finding:
    """How much there is, or how much this process may have where that is less."""
    num_bytes = min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits())
    said = f"{num_bytes / 1e9:.1f} GB"
    if num_bytes >= _LEAST_MEMORY_BYTES:
        return Finding(subject="memory", state="ok", said=said)
    return Finding(
        subject="memory", state="warning", said=said, way_out="give luigi --workers 1, or use a larger machine"
    )


def room(root: Path, *, needed_bytes: int) -> Finding:
    """Whether the disk has room for what is to be built, as far as that is known."""
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    said = f"{free / 1e9:.1f} GB free at {there}"
    if needed_bytes:
        said += f"; the last builds of what is to be done wrote {needed_bytes / 1e9:.1f} GB"
    if free < needed_bytes:
        way_out = "free some (multigrain gc --dry-run lists what can go), or set [workspace] root to a larger disk"
        return Finding(subject="room", state="wrong", said=said, way_out=way_out)
    if free < _LEAST_ROOM_BYTES:
        return Finding(subject="room", state="warning", said=said, way_out="multigrain gc --dry-run lists what can go")
    return Finding(subject="room", state="ok", said=said)


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _no_torch(said: str) -> Finding:
    return Finding(subject="GPU", state="wrong", said=said, way_out="install torch again; corpora are built without it")


def _limits() -> Iterator[int]:
    for file in _CONTROL_GROUPS:
        try:
            yield int(file.read_text())
        except (OSError, ValueError):  # not Linux, or no limit ("max")
            continue
