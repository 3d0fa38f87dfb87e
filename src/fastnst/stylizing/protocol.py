"""What picture files can be given to: what paints them, or makes something else of them."""

from collections.abc import Sequence
from typing import Protocol

from PIL import Image


class PaintsPictures(Protocol):
    """What many files can be painted with, such as a `Stylizer`."""

    @property
    def when_too_large(self) -> str:
        """What to do about a picture that this machine has no memory for."""
        ...

    def fit(self, picture: Image.Image) -> Image.Image:
        """The picture at the size to work at; a `UserError` if it cannot be painted."""
        ...

    def fitted(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of a picture after `fit`."""
        ...

    def result_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of what `paint` makes of a picture that has these."""
        ...

    def together(self, size: tuple[int, int]) -> int:
        """How many pictures of a width and height are best painted at once."""
        ...

    def paint(self, pictures: Sequence[Image.Image], to_come: int = 0) -> list[Image.Image]:
        """Paint pictures of one size, with how many more of it will come."""
        ...
