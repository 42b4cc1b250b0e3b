"""Zero-shot retrieval on COCO: the image of each caption and the captions of each image, with pre-training's heads."""

from __future__ import annotations

from model.benchmarks import Benchmark
from model.metrics.coco_recall import NUM_TEXTS, PROTOCOL, chance, recalls
from model.specs import Form

BENCHMARK = Benchmark(
    title="COCO retrieval, zero-shot",
    about="As COCO retrieval after fine-tuning, but with the matching head as the last stage left it. Pre-training has "
    "seen other images of COCO, and none of these.",
    address="https://cs.stanford.edu/people/karpathy/deepimagesent",
    sources=(("coco_karpathy",), ("coco_vilbert",), ("coco_captions",)),
    content="captions",
    form=Form(name="match", options={"shortlists": True}),
    measure=recalls,
    chance=chance,
    main=("image_retrieval", "R@1"),
    protocol=PROTOCOL,
    max_texts=NUM_TEXTS,
    has_text_only=False,
    # LAVIS's own run (github.com/salesforce/LAVIS, docs/benchmark.rst).
    published={
        "CLIP, LAVIS (COCO 5K)": {
            "image_retrieval": {"R@1": 36.5, "R@5": 60.8, "R@10": 71.0},
            "text_retrieval": {"R@1": 57.2, "R@5": 80.5, "R@10": 87.8},
        },
    },
)
