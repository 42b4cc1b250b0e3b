"""torchvision's classifiers: `backbone = torchvision:resnet101`, `weights` the file that its documentation links to.

The map is what the model averages before it classifies. https://docs.pytorch.org/vision/stable/models.html
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from data.backbones import Backbone, BackboneSettings
from data.errors import UserError
from data.regions import weights
from data.regions.feature_maps import Network, library, opening, unknown_model

if TYPE_CHECKING:
    from torch import Tensor

_AVERAGES = ("avgpool", "adaptive_avg_pool2d")


def _network(settings: BackboneSettings) -> Network:
    models = library("torchvision.models", settings)
    graphs = library("torchvision.models.feature_extraction", settings)
    known = models.list_models(module=models)
    if settings.model not in known:
        raise unknown_model(settings, nearest=difflib.get_close_matches(settings.model, known, n=2))
    model = models.get_model(settings.model, weights=None).eval()
    head = [name for name, _ in model.named_children()][-1]
    weights.load(model, settings, head=(head,))
    colours = models.get_model_weights(settings.model).DEFAULT.transforms()
    node = _before_average(graphs.get_graph_node_names(model)[1], settings)
    extractor = graphs.create_feature_extractor(model, [node])

    def last_map(pictures_BCSS: Tensor) -> Tensor:
        found: Tensor = extractor(pictures_BCSS)[node]
        return found

    return Network(model=extractor, last_map=last_map, mean_C=colours.mean, deviation_C=colours.std)


def _before_average(nodes: Sequence[str], settings: BackboneSettings) -> str:
    """The node of the model's graph whose output is averaged over the picture."""
    places = [place for place, node in enumerate(nodes) if node in _AVERAGES]
    if len(places) != 1:
        raise UserError(
            expected="a model that averages one map before it classifies",
            found=f"{len(places)} averages in {settings.model}",
            where=settings.setting,
            way_out="take a convolutional model, such as torchvision:resnet101",
        )
    return nodes[places[0] - 1]


BACKBONE = Backbone(open=opening(_network), libraries=("torch", "torchvision"), weights="file")
