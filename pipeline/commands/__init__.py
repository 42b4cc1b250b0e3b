"""The verbs of `multigrain`, a file each; the folder is the list.

A file defines `command`, a function whose signature typer turns into arguments and options, and whose docstring is its
help. Flags that it does not know are luigi's: `--workspace-root`, `--profile`, `--PhraseCorpus-max-length` and so on.
"""
