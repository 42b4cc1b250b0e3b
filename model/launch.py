"""`python -m model.launch N MODULE JOB.json`: the module in N processes, one for each device, as `torchrun` has it.

Those end with this process, and this one with the process that started it: torchrun by itself outlives its parent.
"""

from __future__ import annotations

import sys

from torch.distributed import run

from data.workers import end_with_parent


def main() -> None:
    """Start them, and leave with torchrun's exit code."""
    end_with_parent()
    num_processes, module, job = sys.argv[1:]
    run.main(["--standalone", f"--nproc-per-node={num_processes}", "-m", module, job])


if __name__ == "__main__":
    main()
