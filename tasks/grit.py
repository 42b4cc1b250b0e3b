"""`[Grit]` in luigi.cfg: the weights that the network of GRIT-VLP and ALBEF starts from."""

from __future__ import annotations

from pathlib import Path

import luigi

from tasks.settings import given_paths


class Grit(luigi.Config):
    """`[Grit]`: each tower from weights of its own, or from scratch."""

    image_weights: luigi.Parameter[str] = luigi.Parameter(
        default="", description="ViT's weights: a folder in transformers' form, or a file by timm's names, as DeiT's"
    )
    text_weights: luigi.Parameter[str] = luigi.Parameter(
        default="", description="a folder of BERT's weights in transformers' form"
    )


def initial_weights() -> dict[str, Path]:
    """What the user names, by part of the network."""
    section = Grit()
    return given_paths({"initial_image": section.image_weights, "initial_text": section.text_weights})
