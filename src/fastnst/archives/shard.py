"""A part of the work, for one of several machines."""

import hashlib
import os
import re
from typing import NamedTuple


class Shard(NamedTuple):
    """A part, as `3/8`: the third of eight."""

    number: int
    parts: int

    def __str__(self) -> str:
        return f"{self.number}_of_{self.parts}"

    def has(self, name: str) -> bool:
        """Whether a file is in this part, by its name in the folder of all: by chance, so that
        the parts are about as large as each other, and a file's is the same whatever others there
        are."""
        if self.parts == 1:
            return True
        digest = hashlib.blake2b(os.fsencode(name), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.parts == self.number - 1


WHOLE = Shard(1, 1)


def shard(text: str) -> Shard:
    """Read `3/8`, or raise a `ValueError` that says how it is written."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"{text} is no part: give its number and how many there are, such as 3/8")
    return Shard(int(match[1]), int(match[2]))
