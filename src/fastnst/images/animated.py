"""Pictures that move: WebP, AVIF and PNG, frame by frame, with Pillow."""

import math
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from fastnst.images.formats import FORMATS, SUFFIXES, decode, open_picture
from fastnst.images.metadata import read_metadata
from fastnst.images.read import as_read
from fastnst.images.write import check_side, save_options
from fastnst.machine import UserError

ANIMATED = frozenset({".gif", ".webp", ".avif", ".png"}) & SUFFIXES  # formats that may move
WEBP_FLAGS, WEBP_ALPHA = 20, 0x10  # where in a file, and which bit
UNSAID = 100  # milliseconds: how long browsers show a frame that does not say it


class MovingFrame(NamedTuple):
    """A frame, RGB or RGBA, and for how many milliseconds it is shown."""

    picture: Image.Image
    duration: int


def is_animated(path: str | Path) -> bool:
    """Whether a picture has several frames that are shown one after the other; of others, and of
    files that cannot be read, it is false."""
    if Path(path).suffix.lower() not in ANIMATED:
        return False
    try:
        with open_picture(path, math.inf) as image:
            return getattr(image, "is_animated", False)
    except UserError:
        return False


def count_frames(path: Path, max_megapixels: float | None = None) -> int:
    """How many frames the file says it has.

    Raises:
        UserError: if it is not there, is no picture or is too large, see `open_picture`.
    """
    with open_picture(path, max_megapixels) as image:
        return getattr(image, "n_frames", 1) - _first(image)


def read_plays(path: Path) -> int:
    """How often an animation is shown; 0: for ever.

    Raises:
        UserError: if it is not there or is no picture.
    """
    with open_picture(path, math.inf) as image:
        if image.format != "GIF":  # Pillow does not read it from an AVIF, most of which never end
            return int(image.info.get("loop", 0))
        repeats = image.info.get("loop")  # after the first time
        return 1 if repeats is None else int(repeats) and int(repeats) + 1


def read_frames(path: Path, max_megapixels: float | None = None) -> Iterator[MovingFrame]:
    """Read an animation as `read_image` reads pictures: 8-bit sRGB, the right way up.

    Raises:
        UserError: if it is not there, is no picture or is too large, or where it is damaged.
    """
    with open_picture(path, max_megapixels) as image:
        for number in range(_first(image), getattr(image, "n_frames", 1)):
            image.seek(number)
            decode(image)
            # a copy: the next frame is put together with this one
            yield MovingFrame(as_read(image.copy()), round(image.info.get("duration", 0)) or UNSAID)


def _first(image: Image.Image) -> int:
    """A PNG may have a picture, for those who show no animation, that is no part of it."""
    return int(bool(getattr(image, "default_image", False)))


class Animation:
    """Frames to come into one file; until then they lie packed in a temporary one.

    Args:
        path: the file to write, a WebP, AVIF or PNG.
        source: what is painted; its metadata is taken along, where it is a picture.
    """

    def __init__(self, path: Path, source: Path) -> None:
        self._path, self._source = path, source
        self._format = FORMATS[path.suffix.lower()]
        self._frames = _Frames()

    def add(self, picture: Image.Image) -> None:
        """Take the next frame, RGB or RGBA, of the size of the others.

        Raises:
            UserError: if it is too large for the format.
        """
        check_side(self._source, self._format, picture.size)
        self._frames.add(picture)

    def write(self, durations: list[int], plays: int, quality: int | None) -> None:
        """Write the file.

        Args:
            durations: of each frame, in milliseconds.
            plays: how often it is shown; 0: for ever (AVIF always is).
            quality: of WebP and AVIF, 1 to 100; None: 95.

        Raises:
            OSError: if the file cannot be written, or is dropped meanwhile.
        """
        metadata = read_metadata(self._source) if is_animated(self._source) else None
        options = save_options(self._format, quality, metadata)
        options |= {"save_all": True, "duration": durations, "loop": plays}
        try:
            self._frames.save(self._path, format=self._format, **options)
        except (ValueError, RuntimeError, struct.error) as error:  # of encoders
            raise OSError(" ".join(str(error).split())) from error
        if self._format == "WEBP" and self._frames.mode == "RGBA":
            _say_transparent(self._path)

    def drop(self) -> None:
        """From another thread: let `write` end with an `OSError`, as nobody wants the file."""
        self._frames.dropped = True

    def close(self) -> None:
        """Remove the temporary file."""
        self._frames.file.close()


def _say_transparent(path: Path) -> None:
    """Where all frames have the same transparent margin libwebp cuts it off, and then does not say
    in the head of the file that anything is transparent: readers would show it black."""
    with path.open("r+b") as file:
        head = file.read(WEBP_FLAGS + 1)
        if head[12:16] == b"VP8X":
            file.seek(WEBP_FLAGS)
            file.write(bytes([head[WEBP_FLAGS] | WEBP_ALPHA]))


class _Frames(Image.Image):
    """What Pillow takes for a file of many frames; one at a time is in memory."""

    is_animated = True

    def __init__(self) -> None:
        super().__init__()
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by its owner
        self.dropped = False
        self._places: list[tuple[str, int, int]] = []
        self._at = -1

    @property
    def n_frames(self) -> int:
        return len(self._places)

    def add(self, picture: Image.Image) -> None:
        self._size = picture.size
        if self._mode != "RGBA":  # which all are to be as soon as one is
            self._mode = picture.mode
        packed = zlib.compress(picture.tobytes(), 1)
        self._places.append((picture.mode, self.file.tell(), len(packed)))
        self.file.write(packed)

    def seek(self, frame: int) -> None:
        if self.dropped:
            raise OSError("dropped")
        if frame >= self.n_frames:
            raise EOFError
        if frame != self._at:
            mode, place, length = self._places[frame]
            self.file.seek(place)
            pixels = zlib.decompress(self.file.read(length))
            picture = Image.frombytes(mode, self.size, pixels)
            self.im, self._at = picture.convert(self.mode).im, frame

    def tell(self) -> int:
        return max(0, self._at)

    def load(self) -> "Image.core.PixelAccess | None":
        if self._at < 0:
            self.seek(0)
        return super().load()
