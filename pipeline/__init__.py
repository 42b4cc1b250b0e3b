"""Entry points: `luigi --module pipeline NAME`. This is the one module that works at import.

Importing it registers every task and puts safe defaults in place. Where luigi's own command line does the import, the
arguments, the configuration and the sources are checked at once, before any work.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from pathlib import Path

from pipeline import unreadable  # noqa: F401  isort: skip  (before luigi, whose import it watches)

import luigi
from luigi.cmdline_parser import CmdlineParser

from data.errors import UserError
from pipeline import defaults, guard, scheduler, stopping
from pipeline.curriculum import AlbefCurriculum, FullCurriculum, GritCurriculum, MomoCurriculum
from tasks import command_line, faults
from tasks.ablation import AblationTable
from tasks.artifact import ArtifactTask
from tasks.benchmarks import BenchmarkCorpus
from tasks.console import log, log_to, name_of
from tasks.corpora import PhraseCorpus, SentenceCorpus, TokenCorpus, Vocabulary
from tasks.fine_tuning import Evaluate, FineTune
from tasks.grit_stages import GritStage
from tasks.hard_negatives import HardNegatives
from tasks.images import ImageTable, RegionFeatures
from tasks.leaks import LeakReport
from tasks.momo_stages import MomoStage
from tasks.msp_stages import PhraseStage, Pretrain, SentenceStage, TokenStage
from tasks.pictures import PictureStore
from tasks.report import Report
from tasks.settings import current_store
from tasks.sources import SourceFile
from tasks.tagging import PhraseTags, PosTagger
from tasks.unimodal import ImageCorpus, TextCorpus
from tasks.world import World

__all__ = [
    "AblationTable",
    "AlbefCurriculum",
    "BenchmarkCorpus",
    "Evaluate",
    "FineTune",
    "FullCurriculum",
    "GritCurriculum",
    "GritStage",
    "HardNegatives",
    "ImageCorpus",
    "ImageTable",
    "LeakReport",
    "MomoCurriculum",
    "MomoStage",
    "PhraseCorpus",
    "PhraseStage",
    "PhraseTags",
    "PictureStore",
    "PosTagger",
    "Pretrain",
    "RegionFeatures",
    "Report",
    "SentenceCorpus",
    "SentenceStage",
    "SourceFile",
    "TextCorpus",
    "TokenCorpus",
    "TokenStage",
    "Vocabulary",
    "World",
]

_USER_MISTAKE = 2


def _is_luigi_command() -> bool:
    program = Path(sys.argv[0])
    is_luigi = program.stem == "luigi" or program.parent.name == "luigi"
    names_a_module = any(argument.startswith("--module") for argument in sys.argv[1:])
    return is_luigi and names_a_module and not command_line.is_spawned()


def _start_command(arguments: list[str]) -> None:
    try:
        checked = guard.check(arguments)
        if checked is None:
            return
        scheduler.check_answers(arguments)
        log_file = checked.root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        command = command_line.as_typed(arguments)
        faults.with_retries(lambda: log_to(log_file, command=command), num_retries=0, first_wait_s=0.0, label="the log")
    except UserError as error:
        print(f"Nothing was started.\n{error.screen()}", file=sys.stderr)
        sys.exit(_USER_MISTAKE)
    command_line.remember(arguments, log_file=log_file)
    stopping.listen(command)
    for notice in checked.notices:
        log.info("%s", notice)
    atexit.register(_say_what_is_left, checked.task, arguments, log_file)


def _say_what_is_left(task: luigi.Task, arguments: list[str], log_file: Path) -> None:
    """After a command that did not finish, the last line names what stopped it: its own message may be far above."""
    try:
        with CmdlineParser.global_instance(arguments, allow_override=True):  # luigi's own ended with its work
            left = [each for each in guard.walk(task) if not each.complete()]
            first = [each for each in left if all(needed.complete() for needed in each.deps())]
            elsewhere = [name_of(each) for each in first if _is_built_elsewhere(each)]
    except (UserError, OSError):
        return  # whatever cannot be asked now was said above
    stopped = ", ".join(sorted(map(name_of, first)))
    if elsewhere:
        log.error("Another process builds %s; give the command again after it.", ", ".join(elsewhere))
    elif left and stopped != name_of(task):
        log.error("%s is not finished; not done: %s. The log: %s", name_of(task), stopped, log_file)


def _is_built_elsewhere(task: luigi.Task) -> bool:
    """Whether a process has it in hand: none of ours lives any more, and only under a luigid do we not wait."""
    key = task.key() if isinstance(task, ArtifactTask) else None
    return key is not None and current_store().is_locked(key)


defaults.put_in_place(sys.argv[1:])
if _is_luigi_command():
    _start_command(sys.argv[1:])
