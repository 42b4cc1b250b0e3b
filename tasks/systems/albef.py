"""ALBEF without momentum, GRIT-VLP's control: the same pairs in any order."""

import dataclasses

from tasks.systems import grit

SYSTEM = dataclasses.replace(grit.SYSTEM, title="ALBEF, the control: pairs as they come", stages={"pairs": "albef"})
