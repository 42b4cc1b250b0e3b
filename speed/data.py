"""Every measurement of the data side beside its peers, in one run: `python -m speed.data`.

    python -m speed.data [--share 0.01] [--folder FOLDER] [--treebank FILE] [--only NAME ...]

Needs `pip install -e ".[speed]"`, about 30 GB in FOLDER (the system's for temporary files unless given), and the train
split of English EWT (shared/data beside the checkout unless given). What cannot be measured is named with the reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from speed import captions, generating, hard_negatives, phrases, pictures, region_batches, regions, rehearsal, tagging
from speed.measuring import Row, table

_TREEBANK = Path(__file__).parents[2] / "shared" / "data" / "ud_english_ewt" / "en_ewt-ud-train.conllu"
_NUM_TAGGED = 200_000  # regions


@dataclass(frozen=True, kw_only=True)
class Given:
    """How much of the full size is measured, and where things lie."""

    share: float
    folder: Path
    treebank: Path

    def of(self, number: int) -> int:
        """The share of a number, at least one."""
        return max(int(self.share * number), 1)


def _hard_negatives(given: Given) -> list[Row]:
    """Two sizes three times, and COCO's once."""
    sizes = [size.share(given.share) for size in hard_negatives.SIZES]
    return hard_negatives.measure(sizes) + hard_negatives.measure(
        [hard_negatives.COCO.share(given.share)], num_rounds=1
    )


MEASUREMENTS: Mapping[str, Callable[[Given], Sequence[Row]]] = {
    "regions": lambda given: regions.measure(given.of(regions.NUM_ROWS), folder=given.folder),
    "batches": lambda given: region_batches.measure(folder=given.folder),
    "pictures": lambda given: pictures.measure(folder=given.folder),
    "phrases": lambda given: phrases.measure(given.of(generating.NUM_VG_REGIONS)),
    "tagging": lambda given: tagging.measure(given.treebank, given.of(_NUM_TAGGED)),
    "captions": lambda given: [captions.measure(given.of(generating.NUM_COCO_CAPTIONS))],
    "hard_negatives": _hard_negatives,
    "ten_times": lambda given: rehearsal.measure(given.folder, given.treebank, share=given.share),
}


def measure(given: Given, names: Sequence[str]) -> list[Row]:
    """The rows of the measurements of these names; each is printed as soon as it is there."""
    rows: list[Row] = []
    for name in names:
        print(f"measuring {name}", file=sys.stderr)
        try:
            found = MEASUREMENTS[name](given)
        except (ImportError, OSError) as missing:
            print(f"{name} is not measured: {missing}", file=sys.stderr)
        else:
            print(table(found), file=sys.stderr)
            rows += found
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the full size, for a quick look")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--treebank", type=Path, default=_TREEBANK)
    parser.add_argument("--only", nargs="+", choices=list(MEASUREMENTS), default=list(MEASUREMENTS), metavar="NAME")
    chosen = parser.parse_args(arguments)
    given = Given(share=chosen.share, folder=chosen.folder.resolve(), treebank=chosen.treebank.resolve())
    print(table(measure(given, chosen.only)))


if __name__ == "__main__":
    main()
