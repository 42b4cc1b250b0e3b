"""Minutes on two CPU cores: the generated world, or a trial run on real files."""

from data.world.plan import WorldSize
from model.curricula import grit, momo
from model.curricula.msp import MINIATURE
from model.specs import Optimizer
from tasks.profiles import AblationSizes, BenchmarkSizes, FineTuningSizes, Profile

PROFILE = Profile(
    world=WorldSize(
        num_train_images=1200,
        num_phrase_images=800,
        num_caption_images=500,
        num_validation_images=160,
        num_test_images=260,
        num_detector_images=500,
        num_questions=6,
        num_flickr_train_images=400,
        num_flickr_validation_images=50,
        num_flickr_test_images=200,
        num_flickr_captions=5,
        num_flickr_test_captions=2,
        num_nlvr2_train_sets=80,
        num_nlvr2_validation_sets=12,
        num_nlvr2_test_sets=24,
        num_nlvr2_sentences=12,
        num_text_scenes=750,
        num_inference_premises=1000,
        num_inference_test_premises=150,
    ),
    vocabulary_entries=1000,
    text_length=24,
    validation_rate=0.1,
    test_rate=0.1,
    num_negatives=100,
    images_per_shard=512,
    rows_per_shard=4096,
    msp=MINIATURE,
    fine_tuning=FineTuningSizes(
        optimizer=Optimizer(
            name="adamw", learning_rate=1e-3, betas=(0.9, 0.98), weight_decay=0.01, warmup_rate=0.1, clip_norm=1.0
        ),
        default=BenchmarkSizes(batch_size=32),
        own={
            "vqa": BenchmarkSizes(batch_size=32, num_epochs=4),
            "gqa": BenchmarkSizes(batch_size=32, num_epochs=5),
            "nlvr2": BenchmarkSizes(batch_size=32, num_epochs=5),
            "mnli": BenchmarkSizes(batch_size=32, num_epochs=4),
            "image_classes": BenchmarkSizes(batch_size=32, num_epochs=4),
            "retrieval": BenchmarkSizes(batch_size=8, num_epochs=2),
            "coco_retrieval": BenchmarkSizes(batch_size=8, num_epochs=2),
        },
        view=grit.PIXELS.view,
        num_threads=1,
    ),
    grit=grit.MINIATURE,
    momo=momo.MINIATURE,
    ablations={
        "msp": AblationSizes(num_seeds={"zero_shot_retrieval": 3, "vqa": 3, "nlvr1": 3}),
        "grit": AblationSizes(num_seeds={"zero_shot_retrieval": 3}),
        "momo": AblationSizes(num_seeds={"zero_shot_retrieval": 3, "image_classes_knn": 3}),
    },
)
