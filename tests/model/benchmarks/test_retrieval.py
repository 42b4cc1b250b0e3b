from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.errors import UserError
from model import evaluate, train
from model.benchmarks.retrieval import chance, recalls
from model.specs import Benchmark
from tasks.benchmarks import ZeroShotRetrieval
from tasks.code import code_digests
from tests.model.tiny import TinySet, tiny_network, tiny_stage, write_job

ROOT = Path(__file__).parents[3]


def test_recalls_of_three_images_by_hand() -> None:
    # Four texts of the images 0, 0, 1, 2. Ranks of the own image: 0, 1, 0, 2 (image 2 scores lowest with its text).
    scores_TI = np.array([[9, 1, 2], [3, 5, 1], [0, 7, 4], [6, 5, 2]], np.float32)
    found = recalls(scores_TI, np.array([0, 0, 1, 2]))
    assert found["image_retrieval"] == {"R@1": 50.0, "R@5": 100.0, "R@10": 100.0}
    # Best own text against the others: image 0: 9 first; image 1: 7 first; image 2: 2, behind 4 and (a tie) 2.
    assert found["text_retrieval"]["R@1"] == pytest.approx(100 * 2 / 3)


def test_a_model_that_scores_all_pairs_alike_finds_nothing() -> None:
    found = recalls(np.zeros((12, 12), np.float32), np.arange(12))
    assert set(found["image_retrieval"].values()) == set(found["text_retrieval"].values()) == {0.0}


def test_chance_by_hand() -> None:
    # Twenty images of two texts each: one image of twenty; of forty texts, one of two in the first draw.
    found = chance(np.repeat(np.arange(20), 2), 20)
    assert found["image_retrieval"] == pytest.approx({"R@1": 5.0, "R@5": 25.0, "R@10": 50.0})
    assert found["text_retrieval"]["R@1"] == pytest.approx(5.0)
    assert found["text_retrieval"]["R@5"] == pytest.approx(100 * (1 - (35 * 34) / (40 * 39)))


@pytest.fixture(scope="module")
def trained(tiny: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    path = write_job(folder, spec=tiny_stage(num_steps=3), network=tiny_network(), inputs=tiny.inputs())
    train.train(str(path), lambda share, message: None)
    return folder / "result"


def run(folder: Path, tiny: TinySet, weights: Path, **options: object) -> dict[str, object]:
    spec = Benchmark(name="retrieval", options=options)
    path = write_job(folder, spec=spec, network=tiny_network(), inputs=tiny.inputs(weights=str(weights)))
    evaluate.evaluate(str(path), lambda share, message: None)
    scores: dict[str, object] = json.loads((folder / "result/scores.json").read_text("utf-8"))
    return scores


def test_it_scores_the_test_split_the_same_on_every_run(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    scores = run(tmp_path / "once", tiny, trained)
    assert (scores["num_images"], scores["num_texts"], scores["split"]) == (4, 8, "test")
    run(tmp_path / "again", tiny, trained)
    for name in ("scores.json", "similarities.safetensors", "ids.json"):
        assert (tmp_path / "once/result" / name).read_bytes() == (tmp_path / "again/result" / name).read_bytes()


def test_the_first_captions_alone_can_be_asked_for(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    assert run(tmp_path, tiny, trained, captions_per_image=1)["num_texts"] == 4
    ids = json.loads((tmp_path / "result/ids.json").read_text("utf-8"))
    assert ids["texts"] == [f"coco:{image:03}#0" for image in range(20, 24)]


@pytest.mark.parametrize("captions", [0, -1, "some"])
def test_a_senseless_number_of_captions_is_refused(
    captions: object, tiny: TinySet, trained: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="captions_per_image"):
        run(tmp_path, tiny, trained, captions_per_image=captions)


def test_weights_without_a_matching_head_are_refused(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    description = json.loads((trained / "network.json").read_text("utf-8"))
    description["heads"] = [head for head in description["heads"] if head["name"] != "itm_hs"]
    (weights / "network.json").write_text(json.dumps(description), "utf-8")
    (weights / "weights.safetensors").write_bytes((trained / "weights.safetensors").read_bytes())
    with pytest.raises(UserError, match="learns itm_hs"):
        run(tmp_path, tiny, weights)


_EVALUATE = """
import sys
from model.evaluate import evaluate
evaluate(sys.argv[1], lambda share, message: None)
print(*sorted(name for name in sys.modules if name.split(".")[0] in ("data", "model")))
"""


def test_the_key_of_the_task_follows_every_module_that_a_real_evaluation_imports(
    tiny: TinySet, trained: Path, tmp_path: Path
) -> None:
    spec = Benchmark(name="retrieval", options={})
    path = write_job(tmp_path, spec=spec, network=tiny_network(), inputs=tiny.inputs(weights=str(trained)))
    command = [sys.executable, "-c", _EVALUATE, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    task = ZeroShotRetrieval(profile="smoke")
    followed = set(code_digests((*task.entry, *task.plug_ins())))
    # The sources' modules are found by looking through their folder; this evaluation reads none of them.
    imported = {name for name in done.stdout.split() if not name.startswith("data.sources.")}
    assert "model.objectives.itm_hs" in imported
    assert imported - followed == set()
