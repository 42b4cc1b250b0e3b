"""`[Msp]` in luigi.cfg: which readings of MSP are used, where the profile's are not to be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import luigi

from model.curricula.msp import MspSizes
from model.msp_readings import MODELS, MspReadings
from tasks.parameters import OF_PROFILE, ChoiceParameter, OptionalCountFromZeroParameter
from tasks.settings import current_profile, given_paths

_REGISTER: Any = type(luigi.Config)
_NUMBERS: Mapping[type, Any] = {int: OptionalCountFromZeroParameter, float: luigi.OptionalFloatParameter}
_READINGS = dataclasses.fields(MspReadings)


def _parameter(reading: dataclasses.Field[Any]) -> luigi.Parameter[Any]:
    """A setting of the section: one of the reading's choices, or a number; left out, it is the profile's."""
    about = f"{reading.metadata['about']}; docs/msp.md"
    if reading.metadata["choices"]:
        return _choice(reading.metadata["choices"], about)
    number: luigi.Parameter[Any] = _NUMBERS[type(reading.default)](default=None, description=about)
    return number


def _choice(choices: Iterable[str], about: str) -> ChoiceParameter:
    return ChoiceParameter(default=OF_PROFILE, choices=(*choices, OF_PROFILE), description=about)


Msp: Any = _REGISTER(
    "Msp",
    (luigi.Config,),
    {
        "__doc__": "`[Msp]`: readings of the paper, of LXMERT's code and of the released code.",
        "__module__": __name__,
        "weights": luigi.Parameter(
            default="", description="a folder of BERT's or LXMERT's weights in transformers' form, to start from"
        ),
        "model": _choice(MODELS, "the paper's model or the released one; single settings below go before it"),
        **{reading.name: _parameter(reading) for reading in _READINGS},
    },
)


def current_sizes(profile: str) -> MspSizes:
    """The profile's sizes of MSP, with the readings that the user chose."""
    sizes, section = current_profile(profile).msp, Msp()
    given = {reading.name: getattr(section, reading.name) for reading in _READINGS}
    single = {name: value for name, value in given.items() if value not in (OF_PROFILE, None)}
    chosen = {**MODELS.get(section.model, {}), **single}
    return dataclasses.replace(sizes, readings=dataclasses.replace(sizes.readings, **chosen))


def initial_weights() -> dict[str, Path]:
    """The folder of weights of somebody else's, where the user names one."""
    return given_paths({"initial": Msp().weights})
