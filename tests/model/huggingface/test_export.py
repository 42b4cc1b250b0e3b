"""An exported network is opened by `transformers`, and computes there what it computes here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file

from data.errors import UserError
from model.facts import Facts
from model.huggingface import names
from model.huggingface.export import export_result
from model.specs import Objective
from tests.model.huggingface.trained import given, network_of, shown, write
from tests.model.tiny import TinySet

LIKE_LXMERT = {"text_layers": 3, "region_layers": 2}


@pytest.mark.parametrize(("options", "num_layers"), [({}, 5), (LIKE_LXMERT, 2), ({"text_layers": 1}, 1)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_transformers_computes_the_same_from_the_folder(
    options: dict[str, Any], num_layers: int, seed: int, tiny: TinySet, tiny_facts: Facts, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
    network = network_of(options=options, num_layers=num_layers)
    pupil = write(tmp_path / "result", tiny, tiny_facts, network=network, seed=seed)
    assert export_result(tmp_path / "result", into=tmp_path / "there").architecture == "LxmertForPreTraining"
    peer, said = transformers.LxmertModel.from_pretrained(tmp_path / "there", output_loading_info=True)
    assert not said["missing_keys"]
    assert not said["mismatched_keys"]
    assert all(name.startswith("cls.") for name in said["unexpected_keys"])
    for num_regions in (1, 6, 36):
        seen = shown(seed=seed, num_regions=num_regions)
        with torch.no_grad():
            ours, theirs = pupil.encoder(seen), peer.eval()(**given(seen))
        real_BL = seen.text_mask_BL
        torch.testing.assert_close(theirs.language_output[real_BL], ours.text_BLD[real_BL], rtol=0, atol=1e-5)
        torch.testing.assert_close(theirs.vision_output, ours.regions_BRD, rtol=0, atol=1e-5)
        torch.testing.assert_close(theirs.pooled_output, ours.pooled_BD, rtol=0, atol=1e-5)


def test_the_heads_that_both_have_score_the_same(tiny: TinySet, tiny_facts: Facts, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
    pupil = write(tmp_path / "result", tiny, tiny_facts, network=network_of(), seed=1)
    assert export_result(tmp_path / "result", into=tmp_path / "there").left_out == ("heads.moc",)
    peer, said = transformers.LxmertForPreTraining.from_pretrained(tmp_path / "there", output_loading_info=True)
    assert not said["missing_keys"]
    assert not said["unexpected_keys"]
    seen = shown(seed=1, num_regions=6)
    with torch.no_grad():
        ours, theirs = pupil.encoder(seen), peer.eval()(**given(seen))
        words = pupil.head("mlm").decoder(ours.text_BLD, ours.words_VD)  # type: ignore[operator]
        matches = pupil.head("itm_hs").linear(ours.pooled_BD)  # type: ignore[operator]
    real_BL = seen.text_mask_BL
    torch.testing.assert_close(theirs.prediction_logits[real_BL], words[real_BL], rtol=0, atol=1e-5)
    torch.testing.assert_close(theirs.cross_relationship_score, matches, rtol=0, atol=1e-5)


def test_the_vocabulary_goes_along_and_splits_text_as_here(tiny: TinySet, tiny_facts: Facts, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
    write(tmp_path / "result", tiny, tiny_facts, network=network_of(), seed=1)
    export_result(tmp_path / "result", into=tmp_path / "there")
    tokenizer = transformers.LxmertTokenizer(str(tmp_path / "there" / "vocab.txt"))
    assert tokenizer("A red racket")["input_ids"] == [2, 12, 10, 8, 9, 3]


def test_a_head_that_has_no_place_is_left_out_and_named(tiny: TinySet, tiny_facts: Facts, tmp_path: Path) -> None:
    heads = (Objective(name="mlm"), Objective(name="itm_hs", options={"form": "logistic"}))
    write(tmp_path / "result", tiny, tiny_facts, network=network_of(), seed=1, heads=heads)
    exported = export_result(tmp_path / "result", into=tmp_path / "there")
    assert exported.architecture == "LxmertModel"
    assert exported.left_out == ("heads.itm_hs",)
    assert exported.num_tensors == len(load_file(tmp_path / "there" / "model.safetensors"))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"visual_cls": True}, "visual_cls = True"),
        ({"visual_cls": True, "pooled": "product"}, "visual_cls = True, pooled = product"),
        ({"positions": "word"}, "positions = word"),
    ],
)
def test_a_reading_that_lxmert_has_not_is_refused(
    options: dict[str, Any], found: str, tiny: TinySet, tiny_facts: Facts, tmp_path: Path
) -> None:
    write(tmp_path / "result", tiny, tiny_facts, network=network_of(options=options), seed=1)
    with pytest.raises(UserError) as caught:
        export_result(tmp_path / "result", into=tmp_path / "there")
    assert caught.value.found == found
    assert not (tmp_path / "there").exists()


def test_nothing_is_overwritten_and_a_failure_leaves_nothing(
    tiny: TinySet, tiny_facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "result", tiny, tiny_facts, network=network_of(), seed=1)
    into = tmp_path / "sub" / "there"
    monkeypatch.setattr("model.huggingface.export.write_json", fail)
    with pytest.raises(UserError, match="no space left"):
        export_result(tmp_path / "result", into=into)
    assert list((tmp_path / "sub").iterdir()) == []
    monkeypatch.undo()
    export_result(tmp_path / "result", into=into)
    before = (into / "config.json").read_bytes()
    with pytest.raises(UserError, match="already"):
        export_result(tmp_path / "result", into=into)
    assert (into / "config.json").read_bytes() == before
    assert sorted(path.name for path in into.iterdir()) == ["config.json", "model.safetensors", "vocab.txt"]
    assert json.loads(before)["x_layers"] == 2


def fail(path: Path, value: Any) -> None:
    raise OSError(28, "No space left on device")


def test_every_tensor_of_the_encoder_has_one_name_of_its_own(tiny_facts: Facts) -> None:
    from model.learner import Learner

    network = network_of(options=LIKE_LXMERT)
    own = {name for name in Learner(network, (), tiny_facts, seed=1).state_dict() if name.startswith("encoder.")}
    named = names.encoder_names(network)
    assert set(named) == own
    assert len(set(named.values())) == len(own)
