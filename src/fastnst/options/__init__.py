"""Command lines that are long, or that several commands share.

In: words. Out: what they say, or one sentence and the end of the program.
"""

from fastnst.options.files import (
    add_machine,
    add_picture_files,
    add_targets,
    check_pipes,
    silence_pillow,
)
from fastnst.options.stylize import parse_stylize

__all__ = [
    "add_machine",
    "add_picture_files",
    "add_targets",
    "check_pipes",
    "parse_stylize",
    "silence_pillow",
]
