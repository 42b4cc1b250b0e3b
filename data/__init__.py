"""From publishers' files to corpora, region stores and indexes: pure functions, no luigi, no torch at module level.

This package is code. A user's files and everything built from them live elsewhere (`[sources]` and `[workspace]`).
"""
