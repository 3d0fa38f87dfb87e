"""Types of options of a command line, whose errors are sentences."""

import argparse
from collections.abc import Callable
from typing import Any

from fastnst.machine.errors import UserError


def checked(function: Callable[[str], Any]) -> Callable[[str], Any]:
    """A function that reads an option, with its errors as `argparse` takes them."""

    def read(text: str) -> Any:
        try:
            return function(text)
        except (ValueError, UserError) as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def number(kind: type, low: float, high: float | None = None) -> Callable[[str], Any]:
    """What reads a number of a kind from `low` to `high`, both of them allowed."""

    @checked
    def read(text: str) -> Any:
        wanted = f"of at least {low}" if high is None else f"from {low} to {high}"
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(f"{text} is not a number {wanted}") from None
        if not low <= value <= (float("inf") if high is None else high):
            raise ValueError(f"{text} is not a number {wanted}")
        return value

    return read


@checked
def numbers(text: str) -> Any:
    """What reads `0.3,0.7`."""
    try:
        return [float(share) for share in text.split(",")]
    except ValueError:
        raise ValueError(f"{text} are not numbers with commas between") from None
