"""Retrieval in two steps: of each text's images and each image's texts the most alike are scored together (ALBEF).

ALBEF ranks either way on its own; here a pair is scored where one of the two ways asks for it, so that a query may have
a few candidates more. Legend: T texts, I images, L word pieces, R regions, D width, C candidates,
E width in which image and text are compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from model.networks import Encoder

_IMAGES_PER_PASS = 256
_BEHIND = 1000.0
"""What is taken off the likeness of the pairs that are not scored: more than any log-odds, and fine to 6e-5."""


@dataclass(frozen=True, kw_only=True)
class Shortlist:
    """Which pairs are scored: `most` of each text, and those at least as alike as `least_I` says for their image."""

    encoder: Encoder
    image_IE: Tensor
    most: int
    least_I: Tensor

    def choose(self, text_TLD: Tensor, text_mask_TL: Tensor) -> tuple[Tensor, Tensor]:
        """Of some texts which images are scored with them, and what the others score, (T, I) both."""
        text_TE = self.encoder.text_features(text_TLD, text_mask_TL)
        assert text_TE is not None
        alike_TI = text_TE @ self.image_IE.T
        least_T = _most_alike(alike_TI.T, self.most)[-1]
        return (alike_TI >= least_T[:, None]) | (alike_TI >= self.least_I), alike_TI - _BEHIND


def shortlist(
    encoder: Encoder, images_IRD: Tensor, texts: Iterable[tuple[Tensor, Tensor]], *, most: int
) -> Shortlist | None:
    """The one of some images and of texts, (T, L, D) with (T, L) at a time; None where every pair is to be scored."""
    per_pass = (images_IRD[start : start + _IMAGES_PER_PASS] for start in range(0, len(images_IRD), _IMAGES_PER_PASS))
    features = [encoder.image_features(some_IRD) for some_IRD in per_pass]
    if any(some_IE is None for some_IE in features):
        return None
    image_IE = torch.cat([some_IE for some_IE in features if some_IE is not None])
    best_CI: Tensor | None = None
    for text_TLD, text_mask_TL in texts:
        text_TE = encoder.text_features(text_TLD, text_mask_TL)
        assert text_TE is not None
        alike_TI = text_TE @ image_IE.T
        best_CI = _most_alike(alike_TI if best_CI is None else torch.cat([best_CI, alike_TI]), most)
    assert best_CI is not None
    return Shortlist(encoder=encoder, image_IE=image_IE, most=most, least_I=best_CI[-1])


def _most_alike(alike_TI: Tensor, most: int) -> Tensor:
    """The highest of each column, the highest first, (C, I)."""
    return alike_TI.topk(min(most, len(alike_TI)), dim=0).values
