"""What to say when a batch does not fit into memory: how many rows would."""

from __future__ import annotations

import gc
from collections.abc import Callable

import torch

from data.errors import UserError


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch is that of a device, or of the host, that has no memory left."""
    is_hosts = isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    return is_hosts or isinstance(error, torch.OutOfMemoryError)


def no_room(attempt: Callable[[int], None], *, num_rows: int, where: str) -> UserError:
    """The error for a batch of that many rows; `attempt` does all the same with the first so many of them."""
    fitting = _largest_that_fits(attempt, num_rows)
    if fitting is None:
        found, way_out = "not even one fits", "use a smaller network, or a device with more memory"
    else:
        found = f"they do not; {fitting} of them do"
        way_out = f"set micro_batch_size = {fitting}: the same updates, in parts (or batch_size, for other updates)"
    return UserError(expected=f"memory for {num_rows} rows at once", found=found, where=where, way_out=way_out)


def _largest_that_fits(attempt: Callable[[int], None], num_rows: int) -> int | None:
    """Half of the rows, or a half of that and so on, whichever fits first."""
    while (num_rows := num_rows // 2) > 0:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            attempt(num_rows)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        else:
            return num_rows
    return None
