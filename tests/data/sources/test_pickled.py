"""Pickles as data: what NumPy 1 and 2 write is read, and nothing that a pickle names is ever imported or called."""

import os
import pickle
import pickletools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sources.pickled import PickledArray, PickleError, load

VALUES = {
    "features": np.arange(6, dtype="<f4").reshape(2, 3) / 4,
    "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "big_endian": np.array([1, 2], ">i4"),
    "number": np.float32(2.5),
    "whole": np.int64(-7),
    "list": [1, "x", None, True, 3.5, b"y", (1, (2,)), {"a": {}}],
    "many": list(range(3_000)),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_read_as_python_reads_it(protocol):
    found = load(pickle.dumps(VALUES, protocol=protocol))
    for name in ("features", "turned", "big_endian"):
        assert isinstance(found[name], PickledArray)
        assert found[name].array().tolist() == VALUES[name].tolist()
        assert found[name].array().dtype == VALUES[name].dtype
    assert (found["number"], found["whole"]) == (2.5, -7)
    assert found["list"] == VALUES["list"]
    assert found["many"] == VALUES["many"]


def test_numpys_module_names_of_version_1_and_2_are_both_known():
    new = pickle.dumps(VALUES["features"], protocol=3)
    assert b"numpy._core.multiarray" in new
    old = new.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert load(old).array().tolist() == load(new).array().tolist() == [[0, 0.25, 0.5], [0.75, 1, 1.25]]


def test_a_dictionary_in_an_array_of_one_object_is_what_numpy_saves_of_a_dictionary():
    found = load(pickle.dumps(np.array({"image_id": "9"}, dtype=object)))
    assert found.item() == {"image_id": "9"}
    with pytest.raises(PickleError, match="other things than numbers"):
        found.array()


class _Hostile:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("value", [_Hostile(os.mkdir, "made"), _Hostile(eval, "1"), int, {1, 2}, 1j, object()])
def test_other_names_than_numpys_arrays_are_refused_and_not_called(value, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PickleError):
        load(pickle.dumps({"a": value}, protocol=protocol))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "breaks off"),
        (b".", "breaks off"),
        (b"\x80\x04N", "breaks off"),
        (b"\x80\x04N\x85", "breaks off"),
        (b"(.", "breaks off"),
        (b"h\x07.", "breaks off"),
        (b"NN.", "breaks off"),
        (b"N.N.", "behind its end"),
        (b"}" + b")" + b"\x85" * 50_000 + b"Ns.", "keys are neither"),
        (b"cos\nsystem\n.", "name 'os system'"),
        (b"NNR.", "a call of something else"),
        (b"Ncnumpy\nndarray\n)R.", "a call of something else"),
        (b"}}b.", "a state of something else"),
        (b"\x8e" + b"\xff" * 8 + b"x.", "breaks off"),
        (b"I" + b"9" * 5_000 + b"\n.", "breaks off"),
    ],
)
def test_hostile_pickles_are_refused_with_the_reason(data, reason):
    with pytest.raises(PickleError, match=reason):
        load(data)


def test_a_pickle_of_more_steps_than_any_has_is_refused(monkeypatch):
    monkeypatch.setattr("data.sources.pickled.MAX_OPCODES", 1_000)
    assert len(load(b"](" + b"N" * 900 + b"e.")) == 900
    with pytest.raises(PickleError, match="more than 1,000 steps"):
        load(b"](" + b"N" * 1_000 + b"e.")


def test_a_deeply_nested_value_is_harmless():
    value = load(b"]" * 50_000 + b"a" * 49_999 + b".")
    assert len(value) == 1


@pytest.mark.parametrize(
    "state",
    [
        (1, (2,), np.dtype("<f4"), False, b"1234567"),
        (1, (-1,), np.dtype("<f4"), False, b"1234"),
        (1, (2**40,), np.dtype("<f4"), False, b"1234"),
        (1, [1], np.dtype("<f4"), False, b"1234"),
        (1, (True,), np.dtype("<f4"), False, b"1234"),
        (1, (1,), np.dtype("<f4"), False, [1.0]),
        (1, (1,), "f4", False, b"1234"),
        (1, (1,), np.dtype("<U1"), False, b"1234"),
        (1, (1,), np.dtype("<f4"), False, "\u20ac234"),
    ],
)
def test_an_array_whose_parts_do_not_agree_is_refused(state):
    array = load(pickle.dumps(_Built(state), protocol=2))
    with pytest.raises(PickleError, match="an array"):
        array.array()


class _Built:
    """Pickles as an array of NumPy in this state."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        function, arguments, _ = np.zeros(0).__reduce__()
        return function, arguments, self.state


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_pickle_with_wrong_bytes_or_cut_off_is_a_value_or_a_pickle_error(data):
    whole = bytearray(pickle.dumps(VALUES | {"many": [1, 2]}, protocol=data.draw(st.sampled_from([0, 2, 4, 5]))))
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = load(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
        if isinstance(value, dict):
            [found.array() for found in value.values() if isinstance(found, PickledArray)]
    except PickleError:
        return


def test_every_step_of_the_machine_is_an_opcode_of_pickles():
    from data.sources import pickled

    known = {opcode.name for opcode in pickletools.opcodes}
    assert {*pickled._STEPS, *pickled._PUSHED, *pickled._CONSTANTS, *pickled._IGNORED} <= known
