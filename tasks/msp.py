"""`[Msp]` in luigi.cfg: which readings of MSP are used, where the profile's are not to be."""

from __future__ import annotations

import dataclasses
from typing import Any

import luigi

from model.curricula.msp import MspSizes
from model.msp_readings import MspReadings
from tasks.parameters import ChoiceParameter
from tasks.settings import current_profile

_OF_PROFILE = "profile"
_REGISTER: Any = type(luigi.Config)


def _parameter(reading: dataclasses.Field[Any]) -> luigi.Parameter[Any]:
    """A setting of the section: one of the reading's choices, or a number; left out, it is the profile's."""
    about = f"{reading.metadata['about']}; docs/msp.md"
    if reading.metadata["choices"]:
        return ChoiceParameter(
            default=_OF_PROFILE, choices=(*reading.metadata["choices"], _OF_PROFILE), description=about
        )
    return luigi.OptionalFloatParameter(default=None, description=about)


Msp: Any = _REGISTER(
    "Msp",
    (luigi.Config,),
    {
        "__doc__": "`[Msp]`: readings of the paper, of LXMERT's code and of the released code.",
        "__module__": __name__,
        **{reading.name: _parameter(reading) for reading in dataclasses.fields(MspReadings)},
    },
)


def current_sizes(profile: str) -> MspSizes:
    """The profile's sizes of MSP, with the readings that the user chose."""
    sizes, section = current_profile(profile).msp, Msp()
    given = {reading.name: getattr(section, reading.name) for reading in dataclasses.fields(MspReadings)}
    chosen = {name: value for name, value in given.items() if value not in (_OF_PROFILE, None)}
    return dataclasses.replace(sizes, readings=dataclasses.replace(sizes.readings, **chosen))
