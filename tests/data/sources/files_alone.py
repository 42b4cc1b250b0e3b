"""Files of text that no image stands beside, and files with pictures that no file describes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

CONLLU = """# newdoc id = weblog-1
# sent_id = weblog-1-0001
# text = What if  it rains?
1\tWhat\twhat\tPRON\tWP\t_\t0\troot\t_\t_
2\tif\tif\tSCONJ\tIN\t_\t3\tmark\t_\t_

# text = It rains.
1-2\tIt\t_\t_\t_\t_\t_\t_\t_\t_
1\tIt\tit\tPRON\tPRP\t_\t2\tnsubj\t_\t_

# newdoc
# text = Another day.
1\tAnother\tanother\tDET\tDT\t_\t2\tdet\t_\t_

"""


def picture(number: int, form: str = "PNG", *, width: int = 12, height: int = 8) -> bytes:
    """An encoded picture of noise."""
    pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def tar(members: Mapping[str, bytes]) -> bytes:
    """An archive of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, contents in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    return buffer.getvalue()


def parquet(columns: pa.Table, *, row_group_size: int = 2) -> bytes:
    """A file of these columns."""
    buffer = io.BytesIO()
    pq.write_table(columns, buffer, row_group_size=row_group_size)
    return buffer.getvalue()


def of_images(*encoded: bytes | None) -> pa.Table:
    """Pictures as Hugging Face's data sets have them."""
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = [{"bytes": each, "path": f"{number}.png"} for number, each in enumerate(encoded)]
    return pa.table({"image": pa.array(rows, kind), "label": pa.array(range(len(rows)), pa.int64())})


MEMBERS = {"a/1.jpg": picture(1, "JPEG"), "a/1.cls": b"0", "a/2.png": picture(2), "a/2.json": b"{}", "b/3.PNG": b"x"}
FILES: Mapping[str, bytes] = {
    "texts": "One sentence.\nAnother  one.\nÜber and out.\n".encode(),
    "text_conllu": CONLLU.encode(),
    "text_parquet": parquet(pa.table({"text": ["A line.\n\nAnother line.", None, "The end."], "id": [1, 2, 3]})),
    "image_tars": tar(MEMBERS),
    "image_parquet": parquet(of_images(picture(1), picture(2), None)),
}
