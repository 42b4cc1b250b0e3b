"""MSP, the main job: token, phrase and sentence stages on LXMERT-S."""

from tasks.msp_stages import STAGES
from tasks.systems import System

SYSTEM = System(
    title="Token, phrase, sentence",
    stages={name: name for name in STAGES},
    peers=("LXMERT-S", "LXMERT"),
    is_in_msp_paper=True,
)
