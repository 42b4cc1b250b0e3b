"""A trained artifact as a folder for other programs."""

from __future__ import annotations

from pathlib import Path

from data.errors import UserError
from model.huggingface.export import Exported, export_result
from tasks.explain.ancestry import label_of
from tasks.manifest import Artifact
from tasks.training import WEIGHTS


def export(artifact: Artifact, *, into: Path) -> Exported:
    """Write its weights as `transformers` opens them. Raises UserError where it has none, or they cannot be held."""
    if not set(WEIGHTS) <= set(artifact.files):
        raise UserError(
            expected="an artifact with trained weights: a stage, or FineTune",
            found=label_of(artifact),
            where="the command line",
            way_out="multigrain export SentenceStage --into DIR",
        )
    damage = next(artifact.damage(), None)
    if damage is not None:
        raise UserError(
            expected="an artifact as it was published",
            found=f"{damage.path}: {damage.what}",
            where=str(artifact.folder),
            way_out="give the command that built it again, which repairs it",
        )
    return export_result(artifact.result, into=into)
