"""Pickles read as data: numbers, texts, lists, dictionaries and NumPy's arrays. Nothing in them is imported or called.

Python's own reader runs whatever a pickle names. This one walks its opcodes (the standard library's `pickletools`) with
a stack of its own and knows five names of NumPy, under its module names of versions 1 and 2; any other is an error. So
are keys that are neither text nor number, since Python's hash of deeply nested ones overflows the stack.
https://github.com/python/cpython/blob/main/Lib/pickletools.py
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_OPCODES = 4_000_000  # a pool of 120,000 images has 400,000
_MARK: Final = object()
_NUMBERS = re.compile(r"[<>|=]?[biuf][1248]")


class PickleError(Exception):
    """A pickle that is cut off, or holds something else than data; its text is the reason."""


class PickledArray:
    """An array of NumPy as a pickle describes it: `array` makes one of it, `item` is the object in one of objects."""

    def __init__(self) -> None:
        self._dtype = _Dtype("")
        self._shape: tuple[int, ...] = ()
        self._data: Any = b""
        self._is_fortran = False

    def build(self, state: Any) -> None:
        """What NumPy's `__setstate__` takes: version, shape, type, order, data."""
        if not (isinstance(state, tuple) and len(state) == 5):
            raise PickleError("an array of another layout")
        _, self._shape, self._dtype, self._is_fortran, self._data = state

    def array(self) -> NDArray[Any]:
        """The numbers. Raises PickleError where they are none, or not as many as the shape says."""
        dtype, shape = self._checked_dtype().numbers(), self._checked_shape()
        data = _bytes_of_python_2(self._data) if isinstance(self._data, str) else self._data
        if not isinstance(data, bytes | bytearray) or len(data) != math.prod(shape) * dtype.itemsize:
            raise PickleError("an array whose data do not fill its shape")
        return np.frombuffer(data, dtype).reshape(shape, order="F" if self._is_fortran else "C")

    def item(self) -> Any:
        """The only object of an array of objects without axes, which is how NumPy saves a dictionary."""
        if self._checked_shape() == () and isinstance(self._data, list) and len(self._data) == 1:
            return self._data[0]
        raise PickleError("an array that is no single object")

    def _checked_dtype(self) -> _Dtype:
        if not isinstance(self._dtype, _Dtype):
            raise PickleError("an array without a type")
        return self._dtype

    def _checked_shape(self) -> tuple[int, ...]:
        is_shape = isinstance(self._shape, tuple) and len(self._shape) <= 8
        if not (is_shape and all(type(size) is int and 0 <= size < 1 << 40 for size in self._shape)):
            raise PickleError("an array of impossible shape")
        return self._shape


class _Dtype:
    """NumPy's type as a pickle describes it: `f4`, and then the order of bytes."""

    def __init__(self, code: Any) -> None:
        self._code = code
        self._order: Any = "|"

    def build(self, state: Any) -> None:
        self._order = state[1] if isinstance(state, tuple) and len(state) > 1 else None

    def numbers(self) -> np.dtype[Any]:
        """The type, which must be one of numbers."""
        if not (isinstance(self._code, str) and isinstance(self._order, str)):
            raise PickleError("an array without a type")
        code = self._code if self._code[:1] in "<>" else self._order + self._code
        if not _NUMBERS.fullmatch(code):
            raise PickleError("an array of other things than numbers")
        return np.dtype(code)


def load(data: bytes) -> Any:
    """The value of a pickle: plain Python, with `PickledArray` for arrays. Raises PickleError for anything else."""
    machine = _Machine()
    place: int | None = None
    try:
        for number, (opcode, argument, place) in enumerate(pickletools.genops(data)):  # noqa: B007
            if number >= MAX_OPCODES:
                raise PickleError(f"more than {MAX_OPCODES:,} steps")
            machine.take(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise PickleError("a pickle that breaks off or is wrong") from error
    if place is None or place + 1 != len(data):
        raise PickleError("a pickle with something behind its end")
    if len(machine.stack) != 1 or machine.stack[0] is _MARK:
        raise PickleError("a pickle that breaks off or is wrong")
    return machine.stack[0]


class _Machine:
    """The stack and the memory of a pickle that is being read; a wrong step raises what a list or dict raises."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def take(self, name: str, argument: Any) -> None:
        """One opcode."""
        if name in _PUSHED:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in _IGNORED:
            raise PickleError(f"the opcode {name}, which data do not need")

    def since_mark(self) -> list[Any]:
        """What was pushed after the last mark, taken off with it."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise IndexError
        taken = self.stack[place + 1 :]
        del self.stack[place:]
        return taken

    def extend(self, values: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TypeError
        self.stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        """Keys and values in turn, into the dictionary on the stack."""
        keys = values[::2]
        if type(self.stack[-1]) is not dict or not all(type(key) in (str, int, bytes) for key in keys):
            raise PickleError("a dictionary whose keys are neither text nor numbers")
        self.stack[-1].update(zip(keys, values[1::2], strict=True))

    def dictionary(self, values: list[Any]) -> None:
        self.stack.append({})
        self.set_items(values)

    def name(self, name: str) -> None:
        if name not in _NAMES:
            raise PickleError(f"the name {name[:64]!r}, which is none of NumPy's arrays")
        self.stack.append(_NAMES[name])

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not (callable(function) and function in _NAMES.values() and type(arguments) is tuple):
            raise PickleError("a call of something else than NumPy's arrays")
        self.stack.append(function(*arguments))

    def build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], PickledArray | _Dtype):
            raise PickleError("a state of something else than NumPy's arrays")
        self.stack[-1].build(state)

    def remember(self, place: int | None) -> None:
        if self.stack[-1] is _MARK:
            raise IndexError
        self.memo[len(self.memo) if place is None else place] = self.stack[-1]

    def tuple_of(self, number: int) -> None:
        taken = [self.stack.pop() for _ in range(number)]
        self.stack.append(tuple(taken[::-1]))


def _bytes_of_python_2(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise PickleError("an array whose data are text") from error


def _scalar(dtype: Any, data: Any = b"") -> Any:
    array = PickledArray()
    array.build((1, (), dtype, False, data))
    return array.array().item()


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> PickledArray:
    array = PickledArray()
    array.build((1, shape, dtype, order == "F", data))
    return array


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise PickleError("a text in another encoding than old pickles use")
    return text.encode("latin-1")


def _empty_array(*arguments: Any) -> PickledArray:
    return PickledArray()


def _dtype(code: Any, *arguments: Any) -> _Dtype:
    return _Dtype(code)


_NAMES: Mapping[str, Any] = {
    **{f"numpy.{core}.multiarray _reconstruct": _empty_array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.numeric _frombuffer": _from_buffer for core in ("core", "_core")},
    "numpy dtype": _dtype,
    "numpy ndarray": "ndarray",
    "_codecs encode": _encoded,
}
_PUSHED = frozenset(
    """INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE
    SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8""".split()  # noqa: SIM905
)
_CONSTANTS: Mapping[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (), "MARK": _MARK}
_IGNORED = frozenset({"PROTO", "FRAME", "STOP"})
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "LIST": lambda machine, _: machine.stack.append(machine.since_mark()),
    "DICT": lambda machine, _: machine.dictionary(machine.since_mark()),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.since_mark())),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "APPEND": lambda machine, _: machine.extend([machine.stack.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items([machine.stack.pop(-2), machine.stack.pop()]),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "PUT": lambda machine, place: machine.remember(place),
    "BINPUT": lambda machine, place: machine.remember(place),
    "LONG_BINPUT": lambda machine, place: machine.remember(place),
    "MEMOIZE": lambda machine, _: machine.remember(None),
    "GET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "BINGET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "LONG_BINGET": lambda machine, place: machine.stack.append(machine.memo[place]),
    "GLOBAL": lambda machine, name: machine.name(name),
    "STACK_GLOBAL": lambda machine, _: machine.name(" ".join((machine.stack.pop(-2), machine.stack.pop()))),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
}
