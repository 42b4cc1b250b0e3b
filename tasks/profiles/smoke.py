"""Two minutes: everything runs and nothing is learnt. For tests, and to try a change before a longer run."""

import dataclasses

from data.world.plan import WorldSize
from model.curricula import grit, momo
from model.curricula.msp import MINIATURE
from tasks.profiles import AblationSizes, BenchmarkSizes, Profile, miniature

PROFILE = Profile(
    world=WorldSize(
        num_train_images=60,
        num_phrase_images=50,
        num_caption_images=40,
        num_validation_images=12,
        num_test_images=16,
        num_detector_images=80,
        num_questions=4,
        num_flickr_train_images=24,
        num_flickr_validation_images=8,
        num_flickr_test_images=12,
        num_flickr_captions=2,
        num_flickr_test_captions=2,
        num_nlvr2_train_sets=6,
        num_nlvr2_validation_sets=2,
        num_nlvr2_test_sets=3,
        num_nlvr2_sentences=4,
        num_text_scenes=50,
        num_inference_premises=40,
        num_inference_test_premises=10,
    ),
    vocabulary_entries=1000,
    text_length=24,
    validation_rate=0.1,
    test_rate=0.1,
    num_negatives=20,
    images_per_shard=64,
    rows_per_shard=256,
    msp=dataclasses.replace(
        MINIATURE,
        network=dataclasses.replace(MINIATURE.network, hidden_size=32, num_layers=1, intermediate_size=64),
        token=dataclasses.replace(MINIATURE.token, num_steps=40),
        phrase=dataclasses.replace(MINIATURE.phrase, num_steps=40),
        sentence=dataclasses.replace(MINIATURE.sentence, num_steps=40),
        order_options={"queue": 64, "search_space": 32},
    ),
    fine_tuning=dataclasses.replace(
        miniature.PROFILE.fine_tuning,
        default=BenchmarkSizes(batch_size=16, num_epochs=1),
        own=dict.fromkeys(("retrieval", "coco_retrieval"), BenchmarkSizes(batch_size=8, num_epochs=1)),
    ),
    grit=dataclasses.replace(
        grit.PIXELS,
        network=dataclasses.replace(grit.PIXELS.network, hidden_size=32, intermediate_size=64),
        num_epochs=2,
        order_options={"queue": 64, "search_space": 32},
        batch_size=16,
    ),
    momo=dataclasses.replace(
        momo.PIXELS,
        network=dataclasses.replace(momo.PIXELS.network, hidden_size=32, intermediate_size=64),
        num_steps={"image": 10, "joint": 10, "pair": 20, "all": 40},
        batch_sizes={"image": 8, "text": 8, "pair": 16},
        order_options={"queue": 64, "search_space": 32},
        decoder={"layers": 1, "width": 32, "heads": 4, "norm_pix": False},
    ),
    ablations={
        "msp": AblationSizes(num_seeds={"zero_shot_retrieval": 2, "vqa": 1, "nlvr1": 1}),
        "grit": AblationSizes(num_seeds={"zero_shot_retrieval": 1}),
        "momo": AblationSizes(num_seeds={"zero_shot_retrieval": 1, "image_classes_knn": 1}),
    },
)
