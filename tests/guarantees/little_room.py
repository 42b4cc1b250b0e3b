"""The toys in processes that may write no file of more than a million bytes, as a small disk would have it."""

from __future__ import annotations

import resource

import tests.guarantees.toys  # noqa: F401  (registers the toys, and checks the command)

resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
