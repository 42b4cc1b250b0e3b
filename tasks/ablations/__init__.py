"""Ablations as data, one file each: the rows, columns and questions of a paper's table."""
