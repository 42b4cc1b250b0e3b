"""`multigrain`: the command line beside luigi's. `luigi` builds; this looks at what was built, checks and keeps it."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer

from data.errors import UserError
from pipeline import commands

_USER_MISTAKE = 2
_TAKES_FLAGS = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="multigrain",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _verb in sorted(module.name for module in pkgutil.iter_modules(commands.__path__)):
    _function = importlib.import_module(f"{commands.__name__}.{_verb}").command
    app.command(_verb, context_settings=_TAKES_FLAGS)(_function)


@app.callback()
def _described() -> None:
    """Look at, check and keep the artifacts that `luigi --module pipeline` builds."""


def main() -> None:
    """Do what the arguments say; a user's mistake is one screen and exit code 2."""
    try:
        app()
    except UserError as error:
        print(error.screen(), file=sys.stderr)
        sys.exit(_USER_MISTAKE)


if __name__ == "__main__":
    main()
