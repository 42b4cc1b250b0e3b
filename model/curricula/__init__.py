"""Curricula, one file each, and torch-free: stages in order at any size. The folder is the list."""
