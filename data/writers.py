"""Every writer whose bytes an artifact's digest rests on: equal content gives equal bytes, in any process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


def write_json(path: Path, value: Any) -> None:
    """JSON with sorted keys, two spaces, a newline at the end; NaN is refused."""
    path.write_text(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def write_parquet(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    """A table cast to `schema`, zstd level 3, row groups of 65,536; no pandas metadata, no time."""
    table = table.replace_schema_metadata(None).cast(schema).replace_schema_metadata(schema.metadata)
    pq.write_table(table, path, compression="zstd", compression_level=3, row_group_size=65_536)


def write_tensors(path: Path, tensors: dict[str, NDArray[Any]]) -> None:
    """Tensors as safetensors, in the order of their names and without metadata (more than one key is unordered)."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}, path)
