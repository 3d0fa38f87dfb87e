"""PNG files whose texts or colour profile are longer than Pillow reads: the picture is read."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import ImageFile, PngImagePlugin

SIGNATURE = 8  # bytes
TEXTS, AS_TEXT = (b"tEXt", b"zTXt", b"iTXt"), b"Raw profile type exif\0"
LONGEST = 2**26  # bytes of an unpacked colour profile, and of all texts together


class Chunks(PngImagePlugin.PngStream):
    """Pillow's reader of chunks, to which a text of more than 1 MB, texts of more than 64 MB
    together, and a profile of more than 1 MB each make the file unreadable.

    Such texts are left out here, and profiles taken up to `LONGEST`, so that a small file still
    cannot fill the memory.
    """

    def chunk_iCCP(self, pos: int, length: int) -> bytes:
        """Read the colour profile; one that is damaged or too long is left out."""
        content = self._content(length)
        _, _, packed = content.partition(b"\0")  # name, method of packing, profile
        self.im_info["icc_profile"] = _unpacked(packed[1:])
        return content

    def chunk_tEXt(self, pos: int, length: int) -> bytes:
        """Read a text as it is."""
        return self._short(super().chunk_tEXt, pos, length)

    def chunk_zTXt(self, pos: int, length: int) -> bytes:
        """Read a packed text."""
        return self._short(super().chunk_zTXt, pos, length)

    def chunk_iTXt(self, pos: int, length: int) -> bytes:
        """Read a text in Unicode, such as XMP."""
        return self._short(super().chunk_iTXt, pos, length)

    def _short(self, read: Callable[[int, int], bytes], pos: int, length: int) -> bytes:
        if self.text_memory + length <= LONGEST:
            try:
                return read(pos, length)
            except ValueError:  # too long when unpacked
                assert self.fp is not None
                self.fp.seek(pos)
        return self._content(length)

    def _content(self, length: int) -> bytes:
        assert self.fp is not None
        return ImageFile._safe_read(self.fp, length)  # pyright: ignore[reportPrivateUsage]  # as Pillow's own chunks are read


def exif_after_pixels(path: str | Path) -> bool:
    """Whether a PNG has EXIF, as such or as a text, where Pillow finds it only once it has decoded
    the pixels."""
    pixels = False
    with Path(path).open("rb") as file:
        file.seek(SIGNATURE)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            start = file.read(min(length, len(AS_TEXT))) if pixels and kind in TEXTS else b""
            if (pixels and kind == b"eXIf") or start == AS_TEXT:
                return True
            pixels |= kind == b"IDAT"
            file.seek(length - len(start) + 4, os.SEEK_CUR)  # and its checksum
    return False


def _unpacked(packed: bytes) -> bytes | None:
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed, LONGEST)
    except zlib.error:
        return None
    return None if unpacking.unconsumed_tail else profile
