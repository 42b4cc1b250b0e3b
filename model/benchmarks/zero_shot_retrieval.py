"""Zero-shot retrieval: the image of each caption and the captions of each image, with the heads of pre-training."""

from __future__ import annotations

from model.benchmarks import Benchmark
from model.metrics.recall import PROTOCOL, chance, recalls
from model.specs import Form

BENCHMARK = Benchmark(
    title="Image-text retrieval, zero-shot",
    about="As retrieval after fine-tuning, but with the matching head as the last stage left it.",
    address="https://cs.stanford.edu/people/karpathy/deepimagesent",
    sources=(
        ("flickr30k",),
        ("flickr30k_captions",),
        ("flickr30k_vilbert",),
    ),
    content="captions",
    form=Form(name="match", options={"shortlists": True}),
    measure=recalls,
    chance=chance,
    main=("image_retrieval", "R@1"),
    protocol=PROTOCOL,
    has_text_only=False,
    # Table 3 of MSP; LXMERT's rows are its authors' own runs. Its text retrieval has one caption an image.
    published={
        "LXMERT-S, MSP (Flickr30k 1K)": {
            "image_retrieval": {"R@1": 42.42, "R@5": 68.7, "R@10": 77.92},
            "text_retrieval_one_caption": {"R@1": 49.0, "R@5": 75.0, "R@10": 81.8},
        },
        "LXMERT (Flickr30k 1K)": {
            "image_retrieval": {"R@1": 24.0, "R@5": 47.38, "R@10": 58.22},
            "text_retrieval_one_caption": {"R@1": 23.6, "R@5": 51.5, "R@10": 61.3},
        },
        "ViLBERT (Flickr30k 1K)": {"image_retrieval": {"R@1": 31.86, "R@5": 61.12, "R@10": 72.8}},
    },
)
