from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FAULTS = """
import resource, sys
import numpy as np
from model import allocator
if sys.argv[1] == "kept":
    allocator.keep_what_was_freed()
np.ones(1 << 23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(1 << 23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    """How many pages are faulted in for five arrays of 64 MiB, each made when the one before is gone."""
    done = subprocess.run([sys.executable, "-c", _FAULTS, how], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="speaks to glibc")
def test_memory_that_was_freed_is_not_faulted_in_again() -> None:
    pages = (64 << 20) // resource.getpagesize()
    assert faults("kept") < pages / 10
    assert faults("given back") > faults("kept")
