"""Published answers as targets: how ten people's answers become scores, and which answers are possible at all.

`normalise` is the string rule of VQA's own evaluation (https://github.com/GT-Vision-Lab/VQA, as of a013f00), with its
oddities, since published accuracies hold only with them. `soft_targets` is the rule behind LXMERT's VQA labels
(https://github.com/hengyuan-hu/bottom-up-attention-vqa, tools/compute_softscore.py).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

_SCORES = (0.0, 0.3, 0.6, 0.9)  # of answers that 0, 1, 2 and 3 people gave; 1 for more
_MAX_CACHED = 1 << 18  # answers; the cache of wild ones must not grow without end

_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'  # no colon and no apostrophe
# What was meant is "no digit before"; what is written there looks ahead, for "<=" and a digit, and so always holds:
# "1." loses its period, ".5" and "2.5" keep it.
_PERIOD = re.compile(r"\.(?!\d)")
_MAX_PERIODS = 32  # a flag given in the place of the count: the value of re.UNICODE
_COMMA_IN_NUMBER = re.compile(r"\d,\d")
_NUMBERS = {"none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_NUMBERS |= {"six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10"}
_ARTICLES = frozenset({"a", "an", "the"})

# Words that are mended where one apostrophe is left out. The published table also has keys in capitals, which no word
# in lower case can meet, and does not have "lets", "shes", "id", "im" and "ive".
_WITH_APOSTROPHE = """
ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't needn't not've
o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've
there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's
what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've
wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're you've
"""


def _without_one_apostrophe(word: str) -> Iterator[str]:
    for place, character in enumerate(word):
        if character == "'":
            yield word[:place] + word[place + 1 :]


_CONTRACTIONS = {misspelt: word for word in _WITH_APOSTROPHE.split() for misspelt in _without_one_apostrophe(word)} | {
    "somebody'd": "somebodyd"  # the wrong way round in the published table
}


@functools.lru_cache(_MAX_CACHED)
def normalise(answer: str) -> str:
    """An answer as VQA's evaluation compares it: "The two dogs." is "2 dogs"."""
    text = answer.replace("\n", " ").replace("\t", " ").strip()
    words = _without_punctuation(text).lower().split()
    words = [word for word in (_NUMBERS.get(word, word) for word in words) if word not in _ARTICLES]
    return " ".join(_CONTRACTIONS.get(word, word) for word in words)


def _without_punctuation(text: str) -> str:
    """Each mark goes where it ever touches a space or any number has a comma, else it becomes a space."""
    has_comma_in_number = bool(_COMMA_IN_NUMBER.search(text))
    kept = text
    for mark in _PUNCTUATION:
        # Judged for all places of a mark at once: "top-left -" is "topleft ", "top-left" is "top left".
        goes = has_comma_in_number or f"{mark} " in text or f" {mark}" in text
        kept = kept.replace(mark, "" if goes else " ")
    return _PERIOD.sub("", kept, count=_MAX_PERIODS)


def soft_targets(answers: Sequence[str]) -> Mapping[str, float]:
    """The score of each answer by how many people gave it: 0.3, 0.6, 0.9, and 1 from four on.

    Answers are counted as they were published: "chain-link" and "chain link" are two. (The rule normalises the list
    of possible answers only, and so do LXMERT's labels: airsplay/lxmert#87 shows one without its "black, white".)
    """
    return {answer: _SCORES[count] if count < len(_SCORES) else 1.0 for answer, count in Counter(answers).items()}


def exact_target(answers: Sequence[str]) -> Mapping[str, float]:
    """The published answers, each of them right."""
    return dict.fromkeys(answers, 1.0)


def possible_answers(targets: Iterable[Mapping[str, float]], min_count: int) -> tuple[str, ...]:
    """The answers that are the best of at least `min_count` rows: most frequent first, then by text.

    A row's best answers are all those with its highest score.
    """
    counts: Counter[str] = Counter()
    for row in targets:
        best = max(row.values(), default=0.0)
        counts.update(answer for answer, score in row.items() if score == best)
    kept = [answer for answer, count in counts.items() if count >= min_count]
    return tuple(sorted(kept, key=lambda answer: (-counts[answer], answer)))
