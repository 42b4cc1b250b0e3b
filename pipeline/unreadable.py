"""A configuration file that cannot be parsed, which luigi meets when it is imported: kept, to be said in our words.

What luigi has read until then applies. Its own command ends with its traceback before anything of ours is imported.
"""

from __future__ import annotations

import os
from configparser import Error


def _fault() -> Error | UnicodeDecodeError | None:
    """What luigi's import met; luigi can be imported afterwards."""
    named = os.environ.get("LUIGI_CONFIG_PATH")
    try:
        import luigi
    except (Error, UnicodeDecodeError) as error:
        os.environ.pop("LUIGI_CONFIG_PATH", None)  # read at every import; luigi.cfg only at the first
        import luigi  # noqa: F401

        if named is not None:
            os.environ["LUIGI_CONFIG_PATH"] = named
        return error
    return None


FAULT = _fault()
