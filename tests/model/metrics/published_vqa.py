"""VQA's evaluation and LXMERT's VQA labels once more, step by step as they are published, to check ours against.

The steps are those of https://github.com/GT-Vision-Lab/VQA (vqaEval.py, a013f00) and of
https://github.com/hengyuan-hu/bottom-up-attention-vqa (tools/compute_softscore.py, 978f6d6).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

# Pairs of the published table: what is written, what it becomes.
_TABLE = """
aint ain't arent aren't cant can't couldve could've couldnt couldn't couldn'tve couldn't've couldnt've couldn't've
didnt didn't doesnt doesn't dont don't hadnt hadn't hadnt've hadn't've hadn'tve hadn't've hasnt hasn't havent haven't
hed he'd hed've he'd've he'dve he'd've hes he's howd how'd howll how'll hows how's Id've I'd've I'dve I'd've Im I'm
Ive I've isnt isn't itd it'd itd've it'd've it'dve it'd've itll it'll let's let's maam ma'am mightnt mightn't
mightnt've mightn't've mightn'tve mightn't've mightve might've mustnt mustn't mustve must've neednt needn't
notve not've oclock o'clock oughtnt oughtn't ow's'at 'ow's'at 'ows'at 'ow's'at 'ow'sat 'ow's'at shant shan't
shed've she'd've she'dve she'd've she's she's shouldve should've shouldnt shouldn't shouldnt've shouldn't've
shouldn'tve shouldn't've somebody'd somebodyd somebodyd've somebody'd've somebody'dve somebody'd've
somebodyll somebody'll somebodys somebody's someoned someone'd someoned've someone'd've someone'dve someone'd've
someonell someone'll someones someone's somethingd something'd somethingd've something'd've something'dve something'd've
somethingll something'll thats that's thered there'd thered've there'd've there'dve there'd've therere there're
theres there's theyd they'd theyd've they'd've they'dve they'd've theyll they'll theyre they're theyve they've
twas 'twas wasnt wasn't wed've we'd've we'dve we'd've weve we've werent weren't whatll what'll whatre what're
whats what's whatve what've whens when's whered where'd wheres where's whereve where've whod who'd whod've who'd've
who'dve who'd've wholl who'll whos who's whove who've whyll why'll whyre why're whys why's wont won't wouldve would've
wouldnt wouldn't wouldnt've wouldn't've wouldn'tve wouldn't've yall y'all yall'll y'all'll y'allll y'all'll
yall'd've y'all'd've y'alld've y'all'd've y'all'dve y'all'd've youd you'd youd've you'd've you'dve you'd've
youll you'll youre you're youve you've
"""
CONTRACTIONS = dict(zip(_TABLE.split()[::2], _TABLE.split()[1::2], strict=True))
NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MARKS = (";", "/", "[", "]", '"', "{", "}", "(", ")", "=", "+", "\\", "_", "-", ">", "<", "@", "`", ",", "?", "!")


def without_marks(text: str) -> str:
    """The punctuation step."""
    result = text
    for mark in MARKS:
        beside_a_space = text.find(mark + " ") >= 0 or text.find(" " + mark) >= 0
        if beside_a_space or re.search("[0-9],[0-9]", text):
            result = "".join(result.split(mark))
        else:
            result = " ".join(result.split(mark))
    pieces = re.split(r"\.(?![0-9])", result, maxsplit=32)
    return "".join(pieces)


def with_digits_without_articles(text: str) -> str:
    """The step of numbers, articles and contractions."""
    words = []
    for word in text.lower().split():
        if word == "none":
            words.append("0")
        elif word in NUMBER_WORDS:
            words.append(str(NUMBER_WORDS.index(word)))
        elif word not in ("a", "an", "the"):
            words.append(CONTRACTIONS.get(word, word))
    return " ".join(words)


def on_one_line(text: str) -> str:
    """The step that both kinds of answers always take."""
    return text.replace("\n", " ").replace("\t", " ").strip()


def accuracy(answer: str, people: Sequence[str]) -> float:
    """The accuracy of one answer: each person in turn is left out, and three of the others make it right."""
    answer, people = on_one_line(answer), [on_one_line(other) for other in people]
    if any(other != people[0] for other in people):
        answer = with_digits_without_articles(without_marks(answer))
        people = [with_digits_without_articles(without_marks(other)) for other in people]
    credits = []
    for left_out in range(len(people)):
        others = [other for number, other in enumerate(people) if number != left_out]
        credits.append(min(1.0, sum(other == answer for other in others) / 3))
    return sum(credits) / len(credits)


def labels(people: Sequence[str], possible: Set[str]) -> dict[str, float]:
    """The scores of one question as LXMERT trains on them: strings as they are, possible ones only."""
    scores = {}
    for answer in set(people) & possible:
        occurrences = sum(other == answer for other in people)
        scores[answer] = {1: 0.3, 2: 0.6, 3: 0.9}.get(occurrences, 1.0)
    return scores
