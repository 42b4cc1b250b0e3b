"""timm's convolutional models: `backbone = timm:resnet101`, `weights` the file that its page on the hub offers.

The name may have the tag of a training (`resnet50.a1_in1k`), which tells mean and deviation of the colours.
https://huggingface.co/docs/timm
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from data.backbones import Backbone, BackboneSettings
from data.regions import weights
from data.regions.feature_maps import Network, library, opening, unknown_model

if TYPE_CHECKING:
    from torch import Tensor


def _network(settings: BackboneSettings) -> Network:
    timm = library("timm", settings)
    if not timm.is_model(settings.model):  # such as `hf-hub:...`, which would be downloaded
        raise unknown_model(settings, nearest=difflib.get_close_matches(settings.model, timm.list_models(), n=2))
    try:
        model = timm.create_model(settings.model, pretrained=False)
    except RuntimeError as error:  # no such tag
        tagged = timm.list_pretrained(f"{settings.model.split('.')[0]}.*")
        raise unknown_model(settings, nearest=difflib.get_close_matches(settings.model, tagged, n=2)) from error
    about = model.pretrained_cfg
    head = about["classifier"] or ()
    weights.load(model, settings, head=(head,) if isinstance(head, str) else head)

    def last_map(pictures_BCSS: Tensor) -> Tensor:
        found: Tensor = model.forward_features(pictures_BCSS)
        if found.ndim == 4 and found.shape[1] != model.num_features:
            raise ValueError(f"a map of shape {tuple(found.shape)}, whose features are not first")
        return found

    return Network(model=model, last_map=last_map, mean_C=about["mean"], deviation_C=about["std"])


BACKBONE = Backbone(open=opening(_network), libraries=("timm", "torch", "torchvision"), weights="file")
