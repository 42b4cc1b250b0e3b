"""Retrieval: the image of each caption, and the captions of each image, after fine-tuning."""

from __future__ import annotations

from model.benchmarks import Benchmark
from model.metrics.recall import PROTOCOL, chance, recalls
from model.specs import Form

BENCHMARK = Benchmark(
    title="Image-text retrieval",
    about="Find the image that a caption was written for among all test images, and the captions of an image among "
    "all test captions.",
    address="https://cs.stanford.edu/people/karpathy/deepimagesent",
    sources=(
        ("flickr30k",),
        ("flickr30k_captions",),
        ("flickr30k_vilbert",),
    ),
    content="captions",
    form=Form(name="match", options={"loss": "binary"}, has_negatives=True),
    measure=recalls,
    chance=chance,
    main=("image_retrieval", "R@1"),
    protocol=PROTOCOL,
    num_epochs=8,
    has_text_only=False,
    shows_stages=True,
    # Table 3 of MSP. Its text retrieval has one caption an image (github.com/lttsmn/LXMERT-S, sent_retrieval_data.py).
    published={
        "LXMERT-S, MSP (Flickr30k 1K)": {
            "image_retrieval": {"R@1": 57.9, "R@5": 83.0, "R@10": 88.7},
            "text_retrieval_one_caption": {"R@1": 64.6, "R@5": 87.5, "R@10": 90.4},
        },
        "ViLBERT (Flickr30k 1K)": {"image_retrieval": {"R@1": 58.2, "R@5": 84.9, "R@10": 91.52}},
    },
)
