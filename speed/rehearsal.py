"""The data side at full size, on generated files in the publishers' formats, and at a tenth of it.

`python -m speed.rehearsal FOLDER TREEBANK`: COCO's captions and instances, Visual Genome's regions and list of images,
and 20,000 rows of obj36 (8 GB), through every task down to the corpora and the hard negatives, by `luigi` as a user
would. The files and the artifacts are removed afterwards unless `--keep` is given; about 15 GB must be free.
Only the images that obj36 has rows of can be in a corpus: all texts are read, about a tenth are kept.

Time is the command's own, its start of some seconds included. Memory is the most that the command's processes together
held at once and no file backs; it is looked at ten times a second.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from speed import generating, generating_lists, region_files
from speed.measuring import Row, Taken, Target, table

TASKS = (
    "ImageTable",
    "RegionFeatures",
    "Vocabulary",
    "PosTagger",
    "PhraseTags",
    "TokenCorpus",
    "PhraseCorpus",
    "SentenceCorpus",
    "HardNegatives",
)
_TENTH = 0.1
LINEAR = Target(limit="at most", ratio=1.2)
"""Of ten times the time at a tenth of the rows."""
_LOOK_EVERY_S = 0.1
_CONFIGURATION = """\
[workspace]
root = {workspace}
[sources]
coco_captions = {sources}/captions_train2014.json
coco_instances = {sources}/instances_train2014.json
vg_region_descriptions = {sources}/region_descriptions.json
vg_image_data = {sources}/image_data.json
obj36 = {sources}/train_obj36.tsv
object_vocabulary = {sources}/object_vocabulary.txt
attribute_vocabulary = {sources}/attribute_vocabulary.txt
treebank = {treebank}
# Only the images that obj36 has rows of can be in a corpus.
[TokenCorpus]
max_rejected_rate = 1.0
[PhraseCorpus]
max_rejected_rate = 1.0
[SentenceCorpus]
max_rejected_rate = 1.0
"""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is of everything."""

    coco_images: int = generating.NUM_COCO_IMAGES
    captions: int = generating.NUM_COCO_CAPTIONS
    instances: int = generating_lists.NUM_COCO_INSTANCES
    vg_images: int = generating.NUM_VG_IMAGES
    vg_in_coco: int = generating_lists.NUM_VG_IN_COCO
    vg_regions: int = generating.NUM_VG_REGIONS
    images_with_features: int = 20_000

    def share(self, share: float) -> Size:
        """That share of everything."""
        counts = {field.name: int(share * getattr(self, field.name)) for field in dataclasses.fields(self)}
        return Size(**counts)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What one task took, and how much it wrote."""

    taken: Taken
    written_bytes: int


def rehearse(folder: Path, size: Size, treebank: Path, *, workspace: Path) -> dict[str, Done]:
    """Generate the files in the new `folder`, and build each task with a command of its own."""
    folder.mkdir(parents=True)
    _generate(folder, size)
    configuration = folder / "luigi.cfg"
    configuration.write_text(_CONFIGURATION.format(workspace=workspace, sources=folder, treebank=treebank), "utf-8")
    return {task: _built(task, workspace, configuration) for task in TASKS}


def _generate(sources: Path, size: Size) -> None:
    generating.captions(sources / "captions_train2014.json", num_images=size.coco_images, num_captions=size.captions)
    generating_lists.instances(
        sources / "instances_train2014.json", num_images=size.coco_images, num_instances=size.instances
    )
    generating.region_descriptions(
        sources / "region_descriptions.json", num_images=size.vg_images, num_regions=size.vg_regions
    )
    in_coco = range(1, size.vg_in_coco + 1)
    generating_lists.image_data(sources / "image_data.json", num_images=size.vg_images, coco_ids=in_coco)
    region_files.table(sources / "train_obj36.tsv", num_rows=size.images_with_features)
    region_files.vocabularies(sources)


def _built(task: str, workspace: Path, configuration: Path) -> Done:
    """Build one task; those below it are there. Raises CalledProcessError where it fails."""
    command = (sys.executable, "-m", "luigi", "--module", "pipeline", task, "--profile", "paper")
    environment = {**os.environ, "LUIGI_CONFIG_PATH": str(configuration)}
    started_s = time.perf_counter()
    log_file = configuration.with_name(f"{task}.log")
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        peak_mib = _peak_mib(process)
    seconds = time.perf_counter() - started_s
    if process.returncode:
        sys.stderr.write(log_file.read_text("utf-8", "replace")[-4000:])
        raise subprocess.CalledProcessError(process.returncode, command)
    result = workspace / "current" / task / "result"
    written_bytes = sum(file.stat().st_size for file in result.rglob("*") if file.is_file())
    print(f"{task}: {seconds:.1f} s, {peak_mib:,.0f} MiB, {written_bytes / 1e6:,.1f} MB", file=sys.stderr)
    return Done(taken=Taken(seconds=seconds, peak_mib=peak_mib), written_bytes=written_bytes)


def _peak_mib(process: subprocess.Popen[bytes]) -> float:
    """The most memory of the process and all below it until it ends."""
    peak_kib = 0
    while process.poll() is None:
        peak_kib = max(peak_kib, sum(_anonymous_kib(number) for number in _family(process.pid)))
        time.sleep(_LOOK_EVERY_S)
    return peak_kib / 1024


def _family(process_id: int) -> Iterator[int]:
    yield process_id
    try:
        threads = list(Path(f"/proc/{process_id}/task").iterdir())
        children = [child for thread in threads for child in (thread / "children").read_text("ascii").split()]
    except OSError:  # it ended meanwhile
        return
    for child in children:
        yield from _family(int(child))


def _anonymous_kib(process_id: int) -> int:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def rows(small: dict[str, Done], whole: dict[str, Done]) -> list[Row]:
    """Each task at full size beside ten times what it took at a tenth; hard negatives grow with the square.

    The tagger is trained on the same treebank in both, so once.
    """
    return [
        Row(
            work=task,
            against="ten times a tenth",
            ours=done.taken,
            theirs=Taken(seconds=small[task].taken.seconds / _TENTH, peak_mib=small[task].taken.peak_mib),
            target=None if task == "HardNegatives" else LINEAR,
            notes={"written": f"{done.written_bytes / 1e6:,.1f} MB"},
        )
        for task, done in whole.items()
        if task != "PosTagger"
    ]


def measure(folder: Path, treebank: Path, *, share: float = 1.0, keep: bool = False) -> list[Row]:
    """Rehearse at a tenth and in full, in a new folder below `folder`, which is removed unless `keep`."""
    place = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=folder))
    size = Size().share(share)
    try:
        small, whole = (
            rehearse(place / name, each, treebank, workspace=place / "workspace")
            for name, each in (("tenth", size.share(_TENTH)), ("whole", size))
        )
    finally:
        if not keep:
            shutil.rmtree(place)
    return rows(small, whole)


def main(arguments: Sequence[str] | None = None) -> None:
    """Rehearse, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where everything goes")
    parser.add_argument("treebank", type=Path, help="en_ewt-ud-train.conllu, which the tagger is trained on")
    parser.add_argument("--share", type=float, default=1.0, help="of the full size")
    parser.add_argument("--keep", action="store_true", help="remove nothing")
    given = parser.parse_args(arguments)
    print(table(measure(given.folder.resolve(), given.treebank.resolve(), share=given.share, keep=given.keep)))


if __name__ == "__main__":
    main()
