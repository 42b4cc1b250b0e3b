"""`multigrain`: the command line beside luigi's. `luigi` builds; this looks at what was built, checks and keeps it."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

import typer
from typer.core import TyperCommand

from data.errors import UserError
from pipeline import asked, commands

_USER_MISTAKE = 2
_FLAGS = "Luigi's flags are taken too: --workspace-root DIR, --profile NAME, --PhraseCorpus-max-length 17 and so on."
_TAKES_FLAGS = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="multigrain",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class _Verb(TyperCommand):
    """A verb that takes luigi's flags wherever they stand: click alone would take one for the verb's argument."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse all but luigi's flags, which are left in `ctx.args` with their values."""
        own = {option for parameter in self.get_params(ctx) for option in parameter.opts}
        words = asked.without_flags(args, own)
        super().parse_args(ctx, list(words.names))
        ctx.args = [*ctx.args, *words.flags]
        return list(ctx.args)


for _verb in sorted(module.name for module in pkgutil.iter_modules(commands.__path__)):
    _function = importlib.import_module(f"{commands.__name__}.{_verb}").command
    app.command(_verb, cls=_Verb, epilog=_FLAGS, context_settings=_TAKES_FLAGS)(_function)


@app.callback()
def _described() -> None:
    """Look at, check and keep the artifacts that `luigi --module pipeline` builds."""


def main() -> None:
    """Do what the arguments say; a user's mistake is one screen and exit code 2."""
    try:
        app(prog_name="multigrain")  # whatever file it was started by
    except UserError as error:
        print(error.screen(), file=sys.stderr)
        sys.exit(_USER_MISTAKE)


if __name__ == "__main__":
    main()
