from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import UserError
from data.taggers import running
from data.workers import spawned

# A pipeline as a published one is: Penn tags from the tagger, universal ones from the attribute ruler, and a component
# that tags do not need. Run apart: importing spaCy pulls in torch.
_PUBLISH = """
import sys
import spacy
from spacy.training import Example
from thinc.api import fix_random_seed

fix_random_seed(0)
pipeline = spacy.blank("en")
tagger = pipeline.add_pipe("tagger")
words = {"dog": "NN", "runs": "VBZ", "is": "VBZ", "red": "JJ"}
for tag in sorted(set(words.values())):
    tagger.add_label(tag)
texts = ["dog runs", "dog is red", "red dog"]
examples = [Example.from_dict(pipeline.make_doc(t), {"tags": [words[w] for w in t.split()]}) for t in texts]
optimizer = pipeline.initialize(lambda: examples)
for _ in range(40):
    pipeline.update(examples, sgd=optimizer)
pipeline.to_disk(sys.argv[1])
ruler = pipeline.add_pipe("attribute_ruler")
ruler.add([[{"TAG": "VBZ"}]], {"POS": "VERB"})
ruler.add([[{"LOWER": "is"}]], {"POS": "PART"})
pipeline.add_pipe("sentencizer")
pipeline.to_disk(sys.argv[2])
spacy.blank("en").to_disk(sys.argv[3])
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published")
    folders = [root / name for name in ("penn", "xx_universal/pipeline", "blank")]
    (root / "xx_universal").mkdir()
    subprocess.run([sys.executable, "-c", _PUBLISH, *folders], check=True, capture_output=True)
    load = "from pathlib import Path\nimport spacy\n\n\ndef load(**options):\n"
    load += "    return spacy.util.load_model_from_path(Path(__file__).parent / 'pipeline', **options)\n"
    (root / "xx_universal" / "__init__.py").write_text(load)
    (root / "xx_universal-1.0.dist-info").mkdir()
    (root / "xx_universal-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: xx_universal\nVersion: 1.0\n"
    )
    return root


def _tags(model: str) -> list[list[str]]:
    texts = ["dog runs", "dog is red", "red dog"]
    with spawned(1) as pool:
        found = pool.submit(running.tag, "spacy_tagger", texts, model).result()
    assert [" ".join(word for word, _ in tagged) for tagged in found] == texts
    return [[tag for _, tag in tagged] for tagged in found]


def test_penn_tags_are_understood_where_the_pipeline_sets_no_universal_ones(published: Path) -> None:
    assert _tags(str(published / "penn")) == [["NOUN", "VERB"], ["NOUN", "AUX", "ADJ"], ["ADJ", "NOUN"]]


def test_an_installed_package_is_found_by_its_name_and_its_universal_tags_are_used(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(published)
    assert _tags("xx_universal") == [["NOUN", "VERB"], ["NOUN", "PART", "ADJ"], ["ADJ", "NOUN"]]


def test_a_pipeline_without_a_tagger_is_refused(published: Path) -> None:
    with pytest.raises(UserError, match=r"a spaCy pipeline with a tagger.*nothing"):
        _tags(str(published / "blank"))
