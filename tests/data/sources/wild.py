"""Values that have no place in a file, and how many of them to try."""

import base64
import json
import math

import numpy as np
from hypothesis import HealthCheck, settings

FAST = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DEEP = settings(FAST, max_examples=300)
NESTED = json.loads("[" * 200 + "]" * 200)
WILD = [
    None,
    True,
    -1,
    0,
    0.5,
    1e308,
    10**400,
    math.nan,
    math.inf,
    -math.inf,
    "",
    " \n",
    "\ud800",
    "9" * 5_000,
    "x" * 100_000,
    "\0",
    "../../etc/passwd",
    [],
    {},
    [[]],
    {"": {"": None}},
    NESTED,
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
]
WILD_COLUMNS = [
    b"",
    b"-1",
    b"0",
    b"1e3",
    b"9" * 5_000,
    b"\xff\xfe",
    b"\x00",
    b"*",
    b"AAA",
    b"\xc2\xb2",  # a superscript two, which is a digit to Python
    base64.b64encode(np.full((2, 2048), np.nan, "<f4").tobytes()),
    base64.b64encode(np.full((2, 4), np.inf, "<f4").tobytes()),
    base64.b64encode(np.full(2, -(2**63), "<i8").tobytes()),
]
WILD_ARRAYS = [
    np.zeros((0, 3)),
    np.full((3, 3), np.nan),
    np.full((3, 3), 1e300),
    np.array([None], dtype=object),
    np.array(["a", "b", "c"]),
    np.zeros((3, 3), complex),
    np.zeros((3, 3, 3, 3)),
    np.array(5),
]
