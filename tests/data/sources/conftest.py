"""One small whole file per source that has readers, as its publisher lays it out."""

from pathlib import Path

import pytest

from data.records import Rejection
from tests.data.sources import files_alone, files_with_questions, files_with_regions, files_with_texts
from tests.data.sources.files_with_questions import GQA_GRAPH, GQA_QUESTIONS
from tests.data.sources.files_with_regions import PICKLED, POOL, collection_regions, obj36_line, six_columns
from tests.data.sources.files_with_texts import COLLECTION, NLVR1_EXAMPLE

FILES = files_with_texts.FILES | files_with_questions.FILES | files_with_regions.FILES


@pytest.fixture
def whole_files():
    return {name: text.encode() for name, text in FILES.items()} | PICKLED | files_alone.FILES


@pytest.fixture
def collection_rows():
    return COLLECTION


@pytest.fixture
def collection_region_rows():
    return collection_regions()


@pytest.fixture
def make_six_columns():
    return six_columns


@pytest.fixture
def pool():
    return POOL


@pytest.fixture
def make_obj36_line():
    return obj36_line


@pytest.fixture
def gqa_question():
    return GQA_QUESTIONS["00101448"]


@pytest.fixture
def gqa_graph():
    return GQA_GRAPH


@pytest.fixture
def nlvr1_example():
    return NLVR1_EXAMPLE


@pytest.fixture
def read_all(tmp_path):
    """(records, rejections) of a content of a source from the bytes of a file."""
    from data.sources import all_sources

    def read(name, content, contents_of_file, file_name="file"):
        path = tmp_path / file_name
        path.write_bytes(contents_of_file)
        rejections: list[Rejection] = []
        return list(all_sources()[name].reads[content](path, rejections.append)), rejections

    return read


@pytest.fixture
def shared_data():
    folder = Path(__file__).parents[3] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the publishers' files do not lie beside the checkout")
    return folder
