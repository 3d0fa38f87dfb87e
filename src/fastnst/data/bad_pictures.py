"""Pictures that cannot be read: a few are named and stepped over, too many end the training."""

import logging
from collections.abc import Mapping
from typing import Any

from fastnst.machine import UserError

log = logging.getLogger(__name__)

NAMED = 10  # of the bad pictures
QUOTED = 3  # of the reasons, in the sentence that ends the training


class BadPictures:
    """Counts the pictures of a set that cannot be read, each of them once.

    Args:
        kind: what messages call the pictures, such as `training`.
        total: pictures in the set.
        allowed: share of them that may be bad, 0 to 1; `data.max_bad`.
    """

    def __init__(self, kind: str, total: int, allowed: float) -> None:
        self.kind, self.total, self.allowed = kind, total, allowed
        self._reasons: dict[object, str] = {}

    def add(self, bad: Mapping[Any, str]) -> None:
        """Count bad pictures, and name the first ten.

        Args:
            bad: why each cannot be read, by anything that tells it from the others.

        Raises:
            UserError: if there are more than allowed.
        """
        for picture, reason in bad.items():
            if picture not in self._reasons:
                self._reasons[picture] = _printable(reason)
                self._name(self._reasons[picture])
        if self._reasons and len(self._reasons) / self.total > self.allowed:
            raise UserError(self._too_many())

    def sum_up(self) -> None:
        """Say how many there were, if any."""
        count = len(self._reasons)
        if count:
            which = f"the first {NAMED}" if count > NAMED else "they"
            log.warning("%s: %s are named above.", self._how_many("could not"), which)

    def _name(self, reason: str) -> None:
        if len(self._reasons) <= NAMED:
            log.warning("Bad %s picture: %s", self.kind, reason)
        elif len(self._reasons) == NAMED + 1:
            log.warning("Further bad %s pictures are only counted.", self.kind)

    def _too_many(self) -> str:
        first = [reason.rstrip(".") for reason in [*self._reasons.values()][:QUOTED]]
        more = ["..."] if len(self._reasons) > QUOTED else []
        return (
            f"{self._how_many('cannot')}, more than data.max_bad={self.allowed:g} allows "
            f"({'; '.join(first + more)}): mend or remove them, or allow more with data.max_bad, "
            f"up to 1 for all."
        )

    def _how_many(self, could_not: str) -> str:
        return f"{len(self._reasons)} of {self.total} {self.kind} pictures {could_not} be read"


def _printable(text: str) -> str:
    # names of files may hold anything: colours of the terminal, bytes that are no text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
