from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.schema import REJECTED
from data.writers import write_json, write_parquet

ROOT = Path(__file__).parents[2]

# Content that meets every order a writer could take over from a hash table: dict keys made from a set, in its order.
_WRITE = """
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
from data.schema import CORPUS, PICTURES, REJECTED
from data.writers import write_json, write_parquet, write_tensors, write_with_blobs

into = Path(sys.argv[1])
into.mkdir()
names = {f"name {number}" for number in range(50)}
write_json(into / "values.json", {name: {other: len(other) for other in names} for name in names})
write_tensors(into / "weights.safetensors", {name: np.full((2, 3), len(name), np.float32).T for name in names})
rows = [{"source": "s", "record": str(n), "field": "f", "reason": "r"} for n in range(70_000)]
write_parquet(into / "rejected.parquet", pa.Table.from_pylist(rows, schema=REJECTED), REJECTED)
row = {name: "x" for name in CORPUS.names} | {"token_ids": [1], "topic_ids": [], "source_ids": ["y"]}
write_parquet(into / "corpus.parquet", pa.Table.from_pylist([row], schema=CORPUS), CORPUS)
row = {field.name: 1 if pa.types.is_integer(field.type) else "x" for field in PICTURES} | {"encoded": bytes(300_000)}
groups = [pa.Table.from_pylist([row] * 3, schema=PICTURES)] * 2
write_with_blobs(into / "pictures.parquet", groups, PICTURES, blobs="encoded")
"""


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", _WRITE, str(tmp_path / seed)], check=True, cwd=ROOT, env=environment)
        written.append({file.name: file.read_bytes() for file in (tmp_path / seed).iterdir()})
    assert len(written[0]) == 5
    assert written[0] == written[1]


def test_json_is_sorted_ends_in_a_newline_and_holds_no_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "values.json", {"b": 1, "a": "Ä"})
    assert (tmp_path / "values.json").read_text("utf-8") == '{\n  "a": "Ä",\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "values.json", {"a": float("nan")})


def test_a_table_is_read_back_as_its_schema_and_without_anything_of_pandas(tmp_path: Path) -> None:
    columns = {name: ["x"] for name in REJECTED.names}
    table = pa.table(columns).replace_schema_metadata({"pandas": "{}"})
    write_parquet(tmp_path / "table.parquet", table, REJECTED)
    read = pq.read_table(tmp_path / "table.parquet")
    assert read.schema.equals(REJECTED)
    assert b"pandas" not in (read.schema.metadata or {})
    assert read.to_pydict() == columns


def test_missing_values_are_refused_where_the_schema_has_none(tmp_path: Path) -> None:
    columns = {name: [None] for name in REJECTED.names}
    with pytest.raises(ValueError, match="null"):
        write_parquet(tmp_path / "table.parquet", pa.table(columns), REJECTED)
