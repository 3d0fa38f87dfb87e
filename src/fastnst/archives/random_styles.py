"""A style for each of many files, drawn by a seed."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path


def random_styles(names: list[str], seed: int) -> Callable[[Path], str]:
    """What draws a style for a file, by its name and that of its folder.

    It is the same on any machine, whichever other files there are, and in whatever parts the work
    is done; each style is as likely as any other.

    Args:
        names: of the styles.
        seed: another one draws others.
    """

    def draw(file: Path) -> str:
        place = os.fsencode(f"{seed}/{file.absolute().parent.name}/{file.name}")
        number = int.from_bytes(hashlib.sha256(place).digest()[:8], "big")
        return names[number % len(names)]

    return draw
