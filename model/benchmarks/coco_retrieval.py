"""Retrieval on COCO: the image of each caption, and the captions of each image, after fine-tuning."""

from __future__ import annotations

from model.benchmarks import Benchmark
from model.metrics.coco_recall import NUM_TEXTS, PROTOCOL, chance, recalls
from model.specs import Form

BENCHMARK = Benchmark(
    title="COCO retrieval",
    about="Find the image that a caption was written for among all test images of COCO, and the captions of an image "
    "among all their captions.",
    address="https://cs.stanford.edu/people/karpathy/deepimagesent",
    sources=(("coco_karpathy",), ("coco_vilbert",), ("coco_captions",)),
    content="captions",
    form=Form(name="match", options={"loss": "binary"}, has_negatives=True),
    measure=recalls,
    chance=chance,
    main=("image_retrieval", "R@1"),
    protocol=PROTOCOL,
    num_epochs=8,  # as on Flickr30k: the MSP paper does not report COCO
    max_texts=NUM_TEXTS,
    has_text_only=False,
    runs_on_world=False,
    # LAVIS's own runs (github.com/salesforce/LAVIS, docs/benchmark.rst).
    published={
        "ALBEF 14M, LAVIS (COCO 5K)": {
            "image_retrieval": {"R@1": 61.0, "R@5": 84.5, "R@10": 90.7},
            "text_retrieval": {"R@1": 77.6, "R@5": 94.1, "R@10": 97.2},
        },
        "BLIP 14M, LAVIS (COCO 5K)": {
            "image_retrieval": {"R@1": 64.5, "R@5": 86.0, "R@10": 91.7},
            "text_retrieval": {"R@1": 82.0, "R@5": 95.8, "R@10": 98.1},
        },
    },
)
