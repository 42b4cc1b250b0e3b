"""`multigrain export`: a trained network as a folder that `transformers` opens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import asked
from pipeline.output import say_json
from tasks.explain.ancestry import find_artifact
from tasks.upkeep import exporting


def command(
    context: typer.Context,
    task: Annotated[
        str,
        typer.Argument(
            metavar="TASK",
            autocompletion=asked.complete_label,
            help="a stage's or a fine-tuning's label, meaning what current/ leads to, or a path in its artifact",
        ),
    ],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="the folder to write, which is not there yet")],
    as_json: asked.JsonOption = False,
) -> None:
    """Write a trained network as transformers opens it.

    DIR gets model.safetensors, config.json (of an LxmertConfig) and vocab.txt, all or nothing:
    LxmertModel.from_pretrained(DIR). Of the heads MLM and matching are written.
    """
    with asked.workspace(context.args) as store:
        exported = exporting.export(find_artifact(store, task), into=into.expanduser().absolute())
    if as_json:
        say_json(exported)
        return
    print(f"{exported.folder}: {exported.num_tensors} tensors of {exported.architecture}")
    if exported.left_out:
        print(f"left out, since the form has no place for them: {', '.join(exported.left_out)}")
