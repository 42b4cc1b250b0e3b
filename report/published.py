"""Tables 1 to 3 of the MSP paper (ACL 2021, https://aclanthology.org/2021.acl-long.199), as it prints them.

Counts are in millions, scores in per cent. Text retrieval in Table 3 has one caption an image
(github.com/lttsmn/LXMERT-S, src/tasks/sent_retrieval_data.py); its LXMERT rows are the authors' own runs.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Scores by model, group of columns, and column."""

OURS = "LXMERT-S, MSP"

MODELS: Mapping[str, Mapping[str, float | str | None]] = {
    "VL-BERT": {"parameters": 134.8, "pairs": 3.3, "texts": "Wikipedia, BooksCorpus", "resources": "16 V100"},
    "Unified VLP": {"parameters": None, "pairs": 3.3, "texts": None, "resources": "8 V100"},
    "ViLBERT": {"parameters": 218.9, "pairs": 3.3, "texts": None, "resources": "8 Titan X"},
    "LXMERT": {"parameters": 183.5, "pairs": 9.18, "texts": None, "resources": "4 Titan X, 8.5 days"},
    "VisualBERT": {"parameters": 85.05, "pairs": 1.28, "texts": None, "resources": None},
    OURS: {"parameters": 84.3, "pairs": 1.08, "texts": None, "resources": "1 Titan X, about 95 hours"},
}

PAIRS_OF_STAGE: Mapping[str, float] = {"token": 0.12, "phrase": 0.34, "sentence": 0.62}
"""Section 4.2, in millions."""

ANSWERS: Table = {
    "Unified VLP": {"vqa": {"test-dev": 70.5, "test-std": 70.7}},
    "ViLBERT": {"vqa": {"test-dev": 70.55, "test-std": 70.92}},
    "VisualBERT": {"vqa": {"test-dev": 70.8, "test-std": 71.0}, "nlvr2": {"dev": 67.4, "test-P": 67.0}},
    "VL-BERT": {"vqa": {"test-dev": 71.16}},
    "LXMERT": {
        "vqa": {"test-dev": 72.42, "test-std": 72.54},
        "gqa": {"test-dev": 59.8, "test-std": 60.33},
        "nlvr2": {"dev": 74.9, "test-P": 74.5},
    },
    OURS: {
        "vqa": {"test-dev": 71.1, "test-std": 71.18},
        "gqa": {"test-dev": 58.7, "test-std": 59.12},
        "nlvr2": {"dev": 74.03, "test-P": 74.72},
    },
}
"""Table 2."""

_ZERO_SHOT, _ZERO_SHOT_TEXT = "zero_shot_retrieval.image_retrieval", "zero_shot_retrieval.text_retrieval_one_caption"
_TUNED, _TUNED_TEXT = "retrieval.image_retrieval", "retrieval.text_retrieval_one_caption"

RETRIEVAL: Table = {
    "ViLBERT": {
        _ZERO_SHOT: {"R@1": 31.86, "R@5": 61.12, "R@10": 72.8},
        _TUNED: {"R@1": 58.2, "R@5": 84.9, "R@10": 91.52},
    },
    "LXMERT": {
        _ZERO_SHOT: {"R@1": 24.0, "R@5": 47.38, "R@10": 58.22},
        _ZERO_SHOT_TEXT: {"R@1": 23.6, "R@5": 51.5, "R@10": 61.3},
    },
    OURS: {
        _ZERO_SHOT: {"R@1": 42.42, "R@5": 68.7, "R@10": 77.92},
        _ZERO_SHOT_TEXT: {"R@1": 49.0, "R@5": 75.0, "R@10": 81.8},
        _TUNED: {"R@1": 57.9, "R@5": 83.0, "R@10": 88.7},
        _TUNED_TEXT: {"R@1": 64.6, "R@5": 87.5, "R@10": 90.4},
    },
}
"""Table 3. A group is a benchmark and what it asks."""

ANSWER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "vqa": ("test-dev", "test-std"),
    "gqa": ("test-dev", "test-std"),
    "nlvr2": ("dev", "test-P"),
}
RETRIEVAL_COLUMNS: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    (_ZERO_SHOT, _ZERO_SHOT_TEXT, _TUNED, _TUNED_TEXT), ("R@1", "R@5", "R@10")
)
