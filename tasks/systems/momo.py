"""MoMo: one encoder for text, images and pairs, in three stages."""

from tasks.systems import System

SYSTEM = System(
    title="MoMo: one encoder for all",
    stages={"image": "momo+stages=image", "joint": "momo+stages=image.joint", "pair": "momo"},
    benchmarks=(
        *("mnli", "sst2", "stsb"),
        *("image_classes_knn", "image_classes_probe", "image_classes"),
        *("zero_shot_retrieval", "retrieval", "vqa", "nlvr2"),
    ),
)
