"""Visual Genome's pictures, or GQA's, which are the same and some more: a folder with `2375429.jpg` or `n161313.jpg`.

https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="vg_images",
    title="Visual Genome or GQA pictures",
    address="https://cs.stanford.edu/people/dorarad/gqa/download.html (images.zip)",
    reads={},
    is_folder=True,
    marks=(Marks(member=r"n?[0-9]{1,9}\.jpg"),),
)
