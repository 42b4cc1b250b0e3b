"""The report of a run: artifacts in, one page and the same numbers as JSON out. Knows no luigi and no torch."""
