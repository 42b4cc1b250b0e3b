"""MoMo's design choices, each by itself. Nothing is published in a form that could be set beside it."""

from __future__ import annotations

from report.ablation_inputs import Ablation, Column, Question, Row

_RECALLS = ("R@1", "R@5", "R@10")

ABLATION = Ablation(
    title="MoMo's ablation",
    paper="MoMo",
    rows=(
        Row(chain="momo", group="momo", about="images, images and text, text and pairs"),
        Row(chain="momo+stages=joint.pair", group="stages", about="without the stage on images alone"),
        Row(chain="momo+stages=all", group="stages", about="everything at once, for as many updates"),
        Row(chain="momo+mixing=alternate", group="mixing", about="one corpus an update"),
        Row(chain="momo+towers=separate", group="towers", about="an encoder for each modality"),
        Row(chain="momo+order=grit", group="order", about="pairs that are alike together"),
    ),
    columns=(
        Column(name="zs-IR", benchmark="zero_shot_retrieval", group="image_retrieval", metrics=_RECALLS),
        Column(name="zs-TR", benchmark="zero_shot_retrieval", group="text_retrieval_one_caption", metrics=_RECALLS),
        Column(name="MNLI", benchmark="mnli", group="pairs", metrics=("accuracy",)),
        Column(name="classes, k-NN", benchmark="image_classes_knn", group="images", metrics=("accuracy",)),
        Column(name="classes, probe", benchmark="image_classes_probe", group="images", metrics=("accuracy",)),
        Column(name="VQA", benchmark="vqa", group="questions", metrics=("soft score",)),
    ),
    questions=(
        Question(text="Do stages beat everything at once?", row="momo", other="momo+stages=all"),
        Question(text="Does the stage on images alone help?", row="momo", other="momo+stages=joint.pair"),
        Question(text="Does accumulating beat alternating?", row="momo", other="momo+mixing=alternate"),
        Question(text="Is one encoder as good as one for each modality?", row="momo", other="momo+towers=separate"),
        Question(text="Do grouped batches help?", row="momo+order=grit", other="momo"),
    ),
)
