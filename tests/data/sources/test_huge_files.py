"""Files without end, or nested without end: refused by every reader, in bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
HUGE = {
    "nested 10,000 deep": lambda file: file.write(b'{"images": ' + b'[{"a": ' * 10_000),
    "lists 10,000 deep on a line": lambda file: file.write((b"[" * 10_000 + b"]" * 10_000 + b"\n") * 30),
    "a text without end": lambda file: [file.write(b'[{"a": "')] + [file.write(b"x" * 2**20) for _ in range(80)],
    "numbers without end": lambda file: [file.write(b"[")] + [file.write(b"1" * 2**20) for _ in range(80)],
    "a record without end": lambda file: [file.write(b"[[")] + [file.write(b"1, " * 2**18) for _ in range(80)],
    "many large records": lambda file: (
        [file.write(b'{"annotations": [')] + [file.write(b"[" + b"1," * 2**21 + b"1], ") for _ in range(100)]
    ),
    "brackets without end": lambda file: [file.write(b"[" * 2**20) for _ in range(80)],
    "a line without end": lambda file: [file.write(b"x\t" * 2**19) for _ in range(80)],
    "zeros": lambda file: file.truncate(80 * 2**20),
    "a pickle of lists": lambda file: [file.write(b"\x80\x04")] + [file.write(b"]" * 2**20) for _ in range(80)],
    "a pickle that announces much": lambda file: file.write(b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"x"),
    "Parquet without rows": lambda file: file.write(b"PAR1" + b"\xff" * 2**20 + b"\xff\xff\xff\x7fPAR1"),
}
OF_EACH_KIND = [
    "coco_captions",  # a list in an object
    "coco_hard_negatives",  # a pickle
    "coco_regions",  # columns
    "collection",  # lines of JSON, or Parquet
    "gqa_questions",  # an object of objects
    "nlvr2",  # lines of JSON
    "object_vocabulary",  # lines that are ids by their number
    "obj36",
    "test_images",  # lines
    "vg_objects",  # a list
]
PROGRAM = """
import resource, sys
from pathlib import Path
from data.errors import SourceError
from data.sources import all_sources

path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[2:]:
    source = all_sources()[name]
    for content, reader in [*list(source.reads.items())[:1], *source.in_bulk.items()]:
        try:
            for _ in reader(path, lambda rejection: None):
                pass
            print(f"{name} takes it")
        except SourceError:
            pass
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        if grown > 1200:
            sys.exit(f"{name} {content} took {grown} MB")
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", HUGE)
def test_huge_files_are_refused_by_every_reader_in_bounded_memory(kind, tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        HUGE[kind](file)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *OF_EACH_KIND],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=500,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
