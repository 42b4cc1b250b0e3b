"""Table 4 of MSP (Liu, Feng and Wang, ACL 2021), with two rows more: the sentence stage alone, as long as all three,
and in GRIT-VLP's way.

Chains are those of model/msp_chains.py. The published table's rows of two readings are marked: which of two rows is the
one without IFRS, without TITP, and which row has which VQA score, is taken from their order in the paper's text.
"""

from __future__ import annotations

from report.ablation_inputs import Ablation, Column, Question, Row

_RECALLS = ("R@1", "R@5", "R@10")
_NAMES = ("VQA", "GQA", "NLVR2", "IR", "zs-IR", "TR", "zs-TR")


def _row(
    chain: str, group: str, about: str, published: tuple[float | None, ...] = (), unsure: tuple[str, ...] = ()
) -> Row:
    scores = {name: score for name, score in zip(_NAMES, published, strict=False) if score is not None}
    return Row(chain=chain, group=group, about=about, published=scores, unsure=unsure)


ABLATION = Ablation(
    title="MSP's ablation",
    paper="MSP, Table 4",
    rows=(
        _row("vanilla", "none", "no pre-training", (68.1, 55.71, 51.07, 55.27, None, 58.07, None)),
        _row("S", "single", "sentences", (70.25, 57.66, 70.23, 73.86, 54.64, 78.3, 59.73), ("VQA",)),
        _row(
            "S-ITM_HS",
            "single",
            "any image swapped in, not a hard one",
            (69.87, 57.48, 70.98, 71.46, 51.79, 75.6, 53.33),
            ("VQA",),
        ),
        _row("S-TITS-ITM_HS", "single", "and no topics", (69.79, 57.47, 70.73, 70.17, 49.38, 74.1, 50.3), ("VQA",)),
        _row("S_grit", "single", "hard samples of grouped mini-batches, not of a list"),
        _row("S_long", "single", "sentences, as many updates as T.P.S"),
        _row("T+P+S", "single", "all merged", (70.1, 57.58, 72.24, 74.31, 59.31, 77.87, 63.33), _NAMES),
        _row("T.S", "two", "labels first", (70.71, 58.39, 73.85, 75.68, 61.53, 80.27, 65.47), _NAMES),
        _row("T-IFRS.S", "two", "no shuffle", (70.54, 58.4, 73.93, 76.08, 60.5, 80.6, 65.03), _NAMES),
        _row("P.S", "two", "phrases first", (70.52, 57.96, 72.96, 74.81, 57.66, 79.5, 61.13), _NAMES),
        _row("P-TITP.S", "two", "no topics of phrases", (70.58, 58.17, 71.18, 75.49, 59.28, 80.4, 62.73), _NAMES),
        _row("T.P.S", "three", "all", (71.1, 58.7, 74.72, 76.55, 63.01, 80.83, 68.6)),
        _row("T.P-TITP.S", "three", "no topics of phrases", (71.01, 58.3, 74.48, 76.07, 63.07, 80.96, 67.77)),
        _row("S.P.T", "three", "backwards", (69.43, 57.98, 56.75, 71.03, None, 74.87, None), ("GQA", "NLVR2")),
        _row("P.T.S", "three", "phrases before labels", (70.92, 58.05, 73.62, 76.69, 61.29, 81.63, 67.0), ("zs-TR",)),
    ),
    columns=(
        Column(name="VQA", benchmark="vqa", group="questions", metrics=("soft score",)),
        Column(name="GQA", benchmark="gqa", group="questions", metrics=("accuracy",)),
        Column(name="NLVR2", benchmark="nlvr2", group="statements", metrics=("accuracy",)),
        Column(name="IR", benchmark="retrieval", group="image_retrieval", metrics=_RECALLS),
        Column(name="zs-IR", benchmark="zero_shot_retrieval", group="image_retrieval", metrics=_RECALLS),
        Column(name="TR", benchmark="retrieval", group="text_retrieval_one_caption", metrics=_RECALLS),
        Column(name="zs-TR", benchmark="zero_shot_retrieval", group="text_retrieval_one_caption", metrics=_RECALLS),
        Column(name="NLVR", benchmark="nlvr1", group="statements", metrics=("accuracy",)),
    ),
    questions=(
        Question(text="Do three stages beat the last one alone, of the same length?", row="T.P.S", other="S"),
        Question(text="Do three stages beat the last one alone, of as many updates?", row="T.P.S", other="S_long"),
        Question(text="Do stages beat all corpora at once?", row="T.P.S", other="T+P+S"),
        Question(text="Do labels first help?", row="T.S", other="S"),
        Question(text="Do phrases first help?", row="P.S", other="S"),
        Question(text="Do phrases between help?", row="T.P.S", other="T.S"),
        Question(text="Does the order of the first two matter?", row="T.P.S", other="P.T.S"),
        Question(text="Does the order of all three matter?", row="T.P.S", other="S.P.T"),
        Question(text="Do hard samples help (ITM_HS)?", row="S", other="S-ITM_HS"),
        Question(text="Do negatives of grouped batches beat the offline list?", row="S_grit", other="S"),
        Question(text="Do topics of sentences help (TITS)?", row="S-ITM_HS", other="S-TITS-ITM_HS"),
        Question(text="Does IFRS help, before S?", row="T.S", other="T-IFRS.S"),
        Question(text="Does TITP help, before S?", row="P.S", other="P-TITP.S"),
        Question(text="Does TITP help, after T and before S?", row="T.P.S", other="T.P-TITP.S"),
        Question(text="Does pre-training help at all?", row="T.P.S", other="vanilla"),
    ),
)
