"""Verbs in the forms that the generated world's language uses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verb:
    """ "Dogs stand", "a dog stands", "a dog is standing"; the participle of being parked is the past one."""

    plural: str
    singular: str
    participle: str


FACE = Verb(plural="face", singular="faces", participle="facing")
FLOAT = Verb(plural="float", singular="floats", participle="floating")
FLY = Verb(plural="fly", singular="flies", participle="flying")
GROW = Verb(plural="grow", singular="grows", participle="growing")
HANG = Verb(plural="hang", singular="hangs", participle="hanging")
LIE = Verb(plural="lie", singular="lies", participle="lying")
LIGHT = Verb(plural="light", singular="lights", participle="lighting")
PARK = Verb(plural="park", singular="parks", participle="parked")
SHADE = Verb(plural="shade", singular="shades", participle="shading")
SIT = Verb(plural="sit", singular="sits", participle="sitting")
STAND = Verb(plural="stand", singular="stands", participle="standing")
SWIM = Verb(plural="swim", singular="swims", participle="swimming")
WATCH = Verb(plural="watch", singular="watches", participle="watching")
