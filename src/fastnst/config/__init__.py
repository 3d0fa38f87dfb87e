"""What `configs/` may say, and how Hydra is asked.

In: a command line of `key=value`. Out: validated settings, or one sentence that names the key.
"""

from fastnst.config.before_run import check_there, data_files, ending_the_program, ours
from fastnst.config.groups import (
    AUTO,
    AdamSettings,
    CocoData,
    CompactSettings,
    DeadLeavesData,
    FolderData,
    Group,
    Loss,
    NoMotion,
    SGDSettings,
    Style,
    SyntheticMotion,
    VGGSettings,
)
from fastnst.config.hydra import CONFIGS, is_sweep, run_command, write_settings
from fastnst.config.many_styles import MANY, run_name, with_styles
from fastnst.config.one_run import one_run, run_in_folder
from fastnst.config.recipe import recipe_command
from fastnst.config.run_folder import ClaimFolder, claim_folder
from fastnst.config.settings import (
    Objective,
    RunSettings,
    Seen,
    Settings,
    check_layer,
    flat,
    read_settings,
)
from fastnst.config.types import Count, File, ImageSide, LayerWeights, NoBool, Positive, Weight

__all__ = [
    "AUTO",
    "CONFIGS",
    "MANY",
    "AdamSettings",
    "ClaimFolder",
    "CocoData",
    "CompactSettings",
    "Count",
    "DeadLeavesData",
    "File",
    "FolderData",
    "Group",
    "ImageSide",
    "LayerWeights",
    "Loss",
    "NoBool",
    "NoMotion",
    "Objective",
    "Positive",
    "RunSettings",
    "SGDSettings",
    "Seen",
    "Settings",
    "Style",
    "SyntheticMotion",
    "VGGSettings",
    "Weight",
    "check_layer",
    "check_there",
    "claim_folder",
    "data_files",
    "ending_the_program",
    "flat",
    "is_sweep",
    "one_run",
    "ours",
    "read_settings",
    "recipe_command",
    "run_command",
    "run_in_folder",
    "run_name",
    "with_styles",
    "write_settings",
]
