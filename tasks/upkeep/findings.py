"""What a look at one thing found: that it is as it should be, that it may fail later, or that it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.errors import UserError

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of `doctor`; the way out is empty where all is well."""

    subject: str
    state: State
    said: str
    way_out: str = ""


def of_error(subject: str, error: UserError) -> Finding:
    """A user's mistake as a finding."""
    said = f"{error.found}; expected {error.expected} (in {error.where})"
    return Finding(subject=subject, state="wrong", said=said, way_out=error.way_out)
