"""Luigi tasks, thin: what a task requires, what decides its result, and one call into `data`, `model` or `report`."""
