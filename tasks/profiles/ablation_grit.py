"""As `ablation`, with captions enough for a network that learns from pixels: `AblationTable --ablation grit`."""

import dataclasses

from tasks.profiles import ablation

PROFILE = dataclasses.replace(
    ablation.PROFILE,
    world=dataclasses.replace(
        ablation.PROFILE.world, num_train_images=2600, num_phrase_images=2600, num_caption_images=2500
    ),
)
