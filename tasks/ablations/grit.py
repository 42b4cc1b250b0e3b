"""What GRIT-VLP adds to ALBEF, each part by itself, at equal numbers of updates, and in how many epochs.

Rows are starts of model/curricula/grit.py. `length` is a share of the profile's epochs, with a whole schedule of its
own: so the curves say what a training of that length reaches, and not where a longer one stood. Nothing is published in
this form: the paper's tables could not be verified.
"""

from __future__ import annotations

from report.ablation_inputs import Ablation, Column, Curve, Question, Row

_RECALLS = ("R@1", "R@5", "R@10")
_LENGTHS = {"0.333": 1 / 3, "0.667": 2 / 3, "1": 1.0}
_KINDS = {
    "albef": "the control: shuffled, negatives drawn by likeness, 15 % of the words masked",
    "grit": "pairs that are alike together, the most alike are negatives, consistency, 50 % masked",
    "grit+order=shuffle": "as grit, but shuffled",
    "grit+order=shuffle+choice=offline": "shuffled, negatives from a list made before",
}


def _chain(kind: str, length: str) -> str:
    return kind if length == "1" else f"{kind}+length={length}"


ABLATION = Ablation(
    title="GRIT-VLP's ablation",
    paper="GRIT-VLP",
    rows=(
        *(
            Row(chain=_chain(kind, length), group=kind, about=about)
            for kind, about in _KINDS.items()
            for length in _LENGTHS
        ),
        Row(chain="grit+consistency_weight=0", group="grit", about="no consistency"),
        Row(chain="grit+mask_rate=0.15", group="grit", about="15 % of the words masked"),
        Row(chain="grit+mask_rate=0.3", group="grit", about="30 % of the words masked"),
    ),
    columns=(
        Column(name="zs-IR", benchmark="zero_shot_retrieval", group="image_retrieval", metrics=_RECALLS),
        Column(name="zs-TR", benchmark="zero_shot_retrieval", group="text_retrieval_one_caption", metrics=_RECALLS),
        Column(name="IR", benchmark="retrieval", group="image_retrieval", metrics=_RECALLS),
        Column(name="TR", benchmark="retrieval", group="text_retrieval_one_caption", metrics=_RECALLS),
        Column(name="NLVR2", benchmark="nlvr2", group="statements", metrics=("accuracy",)),
        Column(name="NLVR", benchmark="nlvr1", group="statements", metrics=("accuracy",)),
        Column(name="COCO zs-IR", benchmark="coco_zero_shot_retrieval", group="image_retrieval", metrics=_RECALLS),
        Column(name="COCO zs-TR", benchmark="coco_zero_shot_retrieval", group="text_retrieval", metrics=_RECALLS),
    ),
    questions=(
        Question(text="Is GRIT-VLP better than its control?", row="grit", other="albef"),
        Question(text="In a third of the epochs, is it as good?", row="grit+length=0.333", other="albef"),
        Question(text="Do grouped batches help?", row="grit", other="grit+order=shuffle"),
        Question(
            text="Do they beat a list of negatives made before?", row="grit", other="grit+order=shuffle+choice=offline"
        ),
        Question(text="Does consistency help?", row="grit", other="grit+consistency_weight=0"),
        Question(text="Does masking half beat 15 %?", row="grit", other="grit+mask_rate=0.15"),
        Question(text="Does masking half beat 30 %?", row="grit", other="grit+mask_rate=0.3"),
    ),
    curves=tuple(
        Curve(name=kind, rows={_chain(kind, length): share for length, share in _LENGTHS.items()}) for kind in _KINDS
    ),
    target="albef",
)
