"""Starting from weights of BERT or LXMERT: what is taken, under which name, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from data.errors import UserError
from model.facts import Facts
from model.huggingface import weights
from model.huggingface.export import export_result
from model.initialise import copy_matching
from model.learner import Learner
from model.specs import Network
from tests.model.huggingface.trained import HEADS, network_of, write
from tests.model.tiny import TOKENS, TinySet

BERT_SIZES: dict[str, Any] = {
    "vocab_size": len(TOKENS),
    "hidden_size": 24,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 16,
}


def pupil_of(network: Network, facts: Facts) -> Learner:
    return Learner(network, HEADS, facts, seed=9).eval()


def read(path: Path, pupil: Learner, network: Network, tokens: tuple[str, ...] = TOKENS) -> dict[str, Tensor]:
    return weights.read({"initial": path}, network=network, tokens=tokens, own=pupil.state_dict())


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """BERT with an MLM head and one for sentences, as `transformers` saves it."""
    transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
    torch.manual_seed(4)
    transformers.BertForPreTraining(transformers.BertConfig(**BERT_SIZES)).save_pretrained(tmp_path / "bert")
    return tmp_path / "bert"


@pytest.mark.parametrize("options", [{}, {"text_layers": 2, "region_layers": 1}])
def test_what_was_exported_is_read_back_to_the_bit(
    options: dict[str, Any], tiny: TinySet, tiny_facts: Facts, tmp_path: Path
) -> None:
    network = network_of(options=options)
    trained = write(tmp_path / "result", tiny, tiny_facts, network=network, seed=1)
    export_result(tmp_path / "result", into=tmp_path / "there")
    pupil = pupil_of(network, tiny_facts)
    origin = copy_matching(pupil, read(tmp_path / "there", pupil, network))
    assert origin["dropped"] == []
    assert {name.split(".")[1] for name in origin["new"]} == {"moc"}
    own = pupil.state_dict()
    for name, tensor in trained.state_dict().items():
        assert name.startswith("heads.moc") or torch.equal(own[name], tensor), name


def test_of_bert_come_embeddings_pooler_and_mlm_head_and_no_layer_fits_a_cross_layer(
    bert: Path, tiny_facts: Facts
) -> None:
    network = network_of()
    pupil = pupil_of(network, tiny_facts)
    origin = copy_matching(pupil, read(bert, pupil, network))
    assert {".".join(name.split(".")[:2]) for name in origin["loaded"]} == {
        *("encoder.embeddings", "encoder.pooler", "heads.mlm")
    }
    assert {name.split(".")[1] for name in origin["dropped"]} == {"encoder", "seq_relationship"}
    assert {".".join(name.split(".")[:2]) for name in origin["new"]} == {
        *("encoder.layers", "encoder.vision", "heads.itm_hs", "heads.moc")
    }
    theirs = load_file(bert / "model.safetensors")
    for ours, name in (
        ("encoder.embeddings.words.weight", "bert.embeddings.word_embeddings.weight"),
        ("encoder.pooler.bias", "bert.pooler.dense.bias"),
        ("heads.mlm.decoder.transform.2.weight", "cls.predictions.transform.LayerNorm.weight"),
    ):
        assert torch.equal(pupil.state_dict()[ours], theirs[name])


def test_layers_of_text_compute_what_berts_layers_compute(bert: Path, tiny_facts: Facts) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
    network = network_of(options={"text_layers": 2})
    pupil = pupil_of(network, tiny_facts)
    copy_matching(pupil, read(bert, pupil, network))
    text_BL = torch.tensor([[2, 12, 5, 3], [2, 6, 3, 0]])
    with torch.no_grad():
        ours = pupil.encoder.embed_text(text_BL, text_BL != 0)
        theirs = transformers.BertModel.from_pretrained(bert).eval()(text_BL, (text_BL != 0).long()).last_hidden_state
    torch.testing.assert_close(ours[text_BL != 0], theirs[text_BL != 0], rtol=0, atol=1e-5)


def _old_names(folder: Path) -> None:
    """As bert-base-uncased was first published: TensorFlow's names of the norms, in a pickle."""
    tensors = load_file(folder / "model.safetensors")
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in tensors.items()
    }
    (folder / "model.safetensors").unlink()
    torch.save(renamed, folder / "pytorch_model.bin")


def _bare(folder: Path) -> None:
    """As a bare BertModel is saved."""
    tensors = load_file(folder / "model.safetensors")
    bare = {name.removeprefix("bert."): tensor for name, tensor in tensors.items() if name.startswith("bert.")}
    save_file(bare, folder / "model.safetensors")


@pytest.mark.parametrize("change", [_old_names, _bare])
def test_old_and_bare_names_are_known(change: Callable[[Path], None], bert: Path, tiny_facts: Facts) -> None:
    network = network_of(options={"text_layers": 2})
    pupil = pupil_of(network, tiny_facts)
    before = read(bert, pupil, network)
    change(bert)
    after = read(bert, pupil, network)
    taken = {name for name in before if name.startswith("encoder.")}
    assert taken == {name for name in after if name.startswith("encoder.")}
    assert all(torch.equal(before[name], after[name]) for name in taken)


def _other_shape(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["bert.pooler.dense.weight"] = torch.zeros(24, 25)
    save_file(tensors, folder / "model.safetensors")


def _set(**fields: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **fields}))

    return change


def _other_words(folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join((*TOKENS[:-1], "or")) + "\n")


def _more_words(folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join((*TOKENS, "or")) + "\n")


def _no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _garbage(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"garbage")


def _a_program(folder: Path) -> None:
    """A pickle that would run something."""
    (folder / "model.safetensors").unlink()
    torch.save({"a": Path("b")}, folder / "pytorch_model.bin")


def _no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_other_shape, "(24, 25)"),
        (_set(hidden_size=32), "32"),
        (_set(num_attention_heads=4), "4"),
        (_set(hidden_act="relu"), "'relu'"),
        (_set(vocab_size=15), "15"),
        (_set(model_type="gpt2"), "'gpt2'"),
        (_other_words, "'or'"),
        (_more_words, "15"),
        (_no_weights, "neither"),
        (_garbage, "SafetensorError"),
        (_a_program, "UnpicklingError"),
        (_no_config, "FileNotFoundError"),
        (shutil.rmtree, "nothing there"),
    ],
)
def test_what_does_not_fit_is_refused(
    change: Callable[[Path], None], found: str, bert: Path, tiny_facts: Facts
) -> None:
    network = network_of(options={"text_layers": 2})
    pupil = pupil_of(network, tiny_facts)
    change(bert)
    with pytest.raises(UserError) as caught:
        read(bert, pupil, network)
    assert found in caught.value.found
    assert str(bert) in caught.value.where


def test_other_words_are_answered_with_the_setting_that_mends_it(bert: Path, tiny_facts: Facts) -> None:
    network = network_of()
    _other_words(bert)
    with pytest.raises(UserError, match="bert_vocabulary"):
        read(bert, pupil_of(network, tiny_facts), network)


def test_the_width_of_berts_layers_matters_only_where_some_are_taken(bert: Path, tiny_facts: Facts) -> None:
    network = network_of(intermediate_size=40)
    assert read(bert, pupil_of(network, tiny_facts), network)
