"""The one error for what a user did or what a user's file holds: what was expected, found, where, and the way out."""

from __future__ import annotations


class UserError(Exception):
    """A mistake in the configuration or in a source file; shown on one screen, never with a traceback.

    `where` names the file, record and field (or the setting); `way_out` the setting or the command that mends it.
    Our own mistakes are assertions instead.
    """

    def __init__(self, *, expected: str, found: str, where: str, way_out: str) -> None:
        super().__init__(f"expected {expected}; found {found} (in {where}); {way_out}")
        self.expected = expected
        self.found = found
        self.where = where
        self.way_out = way_out

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword arguments when the error crosses from a worker process."""
        return _rebuild, (type(self), self.expected, self.found, self.where, self.way_out)

    def screen(self) -> str:
        """The error as four labelled lines."""
        return (
            f"  expected  {self.expected}\n  found     {self.found}\n"
            f"  where     {self.where}\n  way out   {self.way_out}"
        )


class SourceError(UserError):
    """A source file that cannot be read as what it is said to be."""


class ContractError(UserError):
    """Rows that break what must hold of an artifact before it is published."""


def _rebuild(kind: type[UserError], expected: str, found: str, where: str, way_out: str) -> UserError:
    return kind(expected=expected, found=found, where=where, way_out=way_out)
