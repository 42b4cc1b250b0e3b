"""The contract of the parts of speech of phrases, held a column at a time: there are millions of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data import tables
from data.contracts.rules import hold, tables_of_row_groups
from data.phrase_tags import FOLDER, LEXICON, TAGGER
from data.schema import PHRASE_TAGS
from data.taggers.treebank import UPOS


def check(folder: Path) -> None:
    """The schema; phrases sorted, none twice, none empty; every tag a universal part of speech; who settled them."""
    last = ""
    for part in tables.parts(folder / FOLDER):
        for rows in tables_of_row_groups(part, PHRASE_TAGS):
            if rows.num_rows:
                last = _check_rows(rows.combine_chunks(), part, last)


def _check_rows(rows: pa.Table, part: Path, last: str) -> str:
    """Hold the rules of rows that follow the phrase `last`; returns their last phrase."""
    texts, tags, settled_by = (rows[name].combine_chunks() for name in PHRASE_TAGS.names)
    before = pa.concat_arrays([pa.array([last], pa.string()), texts.slice(0, len(texts) - 1)])
    _hold_all(pc.greater(texts, before), part, "phrases sorted, none twice, none empty", texts)
    _hold_all(pc.is_in(settled_by, pa.array([TAGGER, LEXICON])), part, "tagger or lexicon", texts)
    is_tagged = pc.equal(settled_by, TAGGER)
    num_tags = pc.list_value_length(tags)
    in_number = pc.if_else(is_tagged, pc.greater(num_tags, 0), pc.less_equal(num_tags, 1))
    _hold_all(in_number, part, "at least one part of speech, at most one of the lexicon", texts)
    owners = pc.list_parent_indices(tags)
    is_known = pc.is_in(tags.flatten(), pa.array(sorted(UPOS)))
    _hold_all(is_known, part, "universal parts of speech", texts.take(owners))
    is_allowed = pc.or_(is_tagged.take(owners), pc.equal(tags.flatten(), "VERB"))
    _hold_all(is_allowed, part, "VERB or nothing of the lexicon", texts.take(owners))
    return str(texts[-1].as_py())


def _hold_all(is_good: pa.Array, part: Path, rule: str, texts: pa.Array) -> None:
    bad = texts.filter(pc.invert(is_good))
    hold(not len(bad), part, rule, bad.slice(0, 3).to_pylist(), f"{len(bad)} of which it is not true")
