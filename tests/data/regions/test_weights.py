"""Weights from the user's file: each form of file, what does not fit, and files of anything else."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.backbones import BackboneSettings
from data.errors import UserError
from data.regions import weights

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def network(width: int = 2, num_classes: int = 3) -> Any:
    parts = {"stem": torch.nn.Conv2d(3, width, 1), "norm": torch.nn.BatchNorm2d(width)}
    return torch.nn.ModuleDict({**parts, "fc": torch.nn.Linear(width, num_classes)})


def chosen(path: Path) -> BackboneSettings:
    return BackboneSettings(name="timm", model="resnet50", weights=path)


FORMS: dict[str, Callable[[Any, Path], None]] = {
    "a state dict": lambda state, path: torch.save(state, path),
    "an old state dict": lambda state, path: torch.save(state, path, _use_new_zipfile_serialization=False),
    "beside an optimiser's": lambda state, path: torch.save({"state_dict": state, "epoch": 3}, path),
    "as torchvision trains": lambda state, path: torch.save({"model": state, "args": None}, path),
    "safetensors": lambda state, path: safetensors.save_file(state, path),
}


@pytest.mark.parametrize("form", FORMS)
def test_weights_come_in_any_of_these_files(form: str, tmp_path: Path) -> None:
    source, model = network(), network()
    FORMS[form](source.state_dict(), tmp_path / "weights")
    weights.load(model, chosen(tmp_path / "weights"), head=("fc",))
    assert torch.equal(model["stem"].weight, source["stem"].weight)
    assert torch.equal(model["norm"].running_var, source["norm"].running_var)


def test_a_head_need_not_be_there_nor_fit_nor_a_counter_of_training(tmp_path: Path) -> None:
    state = network(num_classes=1000).state_dict()
    del state["norm.num_batches_tracked"]
    torch.save(state, tmp_path / "other classes")
    torch.save({name: tensor for name, tensor in state.items() if not name.startswith("fc.")}, tmp_path / "no classes")
    for name in ("other classes", "no classes"):
        model = network()
        weights.load(model, chosen(tmp_path / name), head=("fc",))
        assert torch.equal(model["stem"].weight, state["stem.weight"])


def _lacks(state: dict[str, Any]) -> None:
    del state["stem.weight"], state["stem.bias"]


def _exceeds(state: dict[str, Any]) -> None:
    state["layer3.6.weight"] = torch.zeros(1)


def _is_wider(state: dict[str, Any]) -> None:
    state["stem.weight"] = torch.zeros(5, 3, 1, 1)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_lacks, r"weights without stem\.bias and 1 more \("),
        (_exceeds, r"weights with layer3\.6\.weight \("),
        (_is_wider, r"size mismatch for stem\.weight"),
    ],
)
def test_weights_of_another_model_are_refused_with_a_name(
    change: Callable[[dict[str, Any]], None], found: str, tmp_path: Path
) -> None:
    state = network().state_dict()
    change(state)
    torch.save(state, tmp_path / "weights")
    with pytest.raises(UserError, match=found) as caught:
        weights.load(network(), chosen(tmp_path / "weights"), head=("fc",))
    assert caught.value.expected == "the weights of resnet50"
    assert str(tmp_path / "weights") in caught.value.where


class Opens:
    """What plain pickle would run on loading."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    torch.save({"stem.weight": Opens(tmp_path / "opened")}, tmp_path / "saved")
    (tmp_path / "pickled").write_bytes(pickle.dumps({"stem.weight": Opens(tmp_path / "opened")}, 2))
    for name in ("saved", "pickled"):
        with pytest.raises(UserError, match="a safetensors file, or a state dict"):
            weights.load(network(), chosen(tmp_path / name), head=())
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize(
    "held", [[torch.zeros(1)], {"epoch": 3}, {1: torch.zeros(1)}, {"model": {"stem": [1]}}, "text"]
)
def test_a_file_that_holds_no_names_of_weights_is_refused(held: Any, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "weights")
    with pytest.raises(UserError, match=r"names of weights to tensors"):
        weights.load(network(), chosen(tmp_path / "weights"), head=())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bytes of one file of each form."""
    folder = tmp_path_factory.mktemp("whole")
    for form, save in FORMS.items():
        save(network().state_dict(), folder / form)
    return {form: (folder / form).read_bytes() for form in FORMS}


@given(form=st.sampled_from(sorted(FORMS)), share=st.floats(0, 0.999), rubbish=st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_file_that_was_cut_off_or_is_something_else_is_refused(
    form: str, share: float, rubbish: bytes, whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("wild") / "weights"
    for content in (whole[form][: int(share * len(whole[form]))], rubbish):
        path.write_bytes(content)
        with pytest.raises(UserError):
            weights.load(network(), chosen(path), head=("fc",))
