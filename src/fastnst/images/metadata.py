"""What a file says about its photograph, taken along to the painted picture."""

import contextlib
import math
import re
import struct
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, PngImagePlugin
from PIL.ExifTags import IFD, Base

from fastnst.images.formats import open_picture
from fastnst.images.png import exif_after_pixels

# what the main directory of EXIF says about the photograph; the rest, such as the orientation or
# where a TIFF has its strips, is about the file
ABOUT_PHOTOGRAPH = {
    Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime, Base.Artist,
    Base.HostComputer, Base.Copyright, Base.Rating, Base.RatingPercent, Base.XPTitle,
    Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
}  # fmt: skip
SUBJECT_AREA = 37396
# MakerNote may hold a preview of the photograph, and offsets into the file it was in; the others
# are in pixels of the photograph
NOT_OF_PAINTED = {
    Base.MakerNote, Base.ExifInteroperabilityOffset, Base.ExifImageWidth, Base.ExifImageHeight,
    Base.SubjectLocation, SUBJECT_AREA,
}  # fmt: skip
NAMES_IN_XMP = (
    rb"(?:tiff:(?:Orientation|ImageWidth|ImageLength)|photoshop:ICCProfile"
    rb"|exif:(?:PixelXDimension|PixelYDimension|ColorSpace))"
)
NOT_OF_PAINTED_XMP = re.compile(
    rb"<((?:xmp|xap):Thumbnails)\b.*?</\1>"
    rb"|<(" + NAMES_IN_XMP + rb")>.*?</\2>"
    rb"|\s" + NAMES_IN_XMP + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')",
    re.DOTALL,
)
IPTC_RESOURCE, IPTC_TAG, XMP_TAG = 0x0404, 33723, 700
MOST_DPI = 65536  # JFIF has two bytes for it
SEGMENT = 65533  # bytes that a segment of a JPEG holds
XMP_SEGMENT = 65504  # less its header


class Metadata(NamedTuple):
    """Of a photograph, fit for the picture painted from it: upright, sRGB, of another size.

    Attributes:
        exif: as in a JPEG, without orientation, thumbnail, size and maker's note.
        dpi: pixels per inch, across and down.
        xmp: the XMP packet.
        iptc: IPTC-IIM records.
        text: keys and texts of a PNG; the comment of a JPEG or GIF has the key `Comment`.
    """

    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    xmp: bytes = b""
    iptc: bytes = b""
    text: tuple[tuple[str, str], ...] = ()


def read_metadata(
    path: str | Path, everything: bool = False, origin: str | None = None
) -> Metadata:
    """Read what is to be kept; what is damaged is left out.

    Args:
        path: a picture's file.
        everything: also DPI, XMP, IPTC and texts; without it only EXIF.
        origin: a mark to put into EXIF, see `fastnst.images.origin`.

    Raises:
        UserError: if the file is not there or is no picture.
    """
    with open_picture(path, max_megapixels=math.inf) as image:
        if image.format == "PNG" and (everything or exif_after_pixels(path)):
            image.load()  # as texts may come there too
        if not everything:
            return Metadata(_exif(image, None, origin))
        dpi = _dpi(image.info.get("dpi"))
        return Metadata(_exif(image, dpi, origin), dpi, _xmp(image), _iptc(image), _text(image))


def metadata_options(metadata: Metadata, format: str) -> dict[str, Any]:
    """What Pillow's `save` needs to write metadata; a format is given what it can hold.

    Args:
        metadata: what to write.
        format: Pillow's name, such as JPEG.
    """
    exif, dpi, xmp, iptc, text = metadata
    comment = dict(text).get("Comment", "").encode()
    options: dict[str, Any] = {}
    if format == "JPEG":
        options = {
            "exif": exif if len(exif) <= SEGMENT else b"",
            "xmp": xmp if len(xmp) <= XMP_SEGMENT else b"",
            "extra": _photoshop_segment(iptc) if iptc else b"",
            "comment": comment[:SEGMENT],
        }
    elif format == "PNG":
        texts = PngImagePlugin.PngInfo()
        for key, value in text:
            with contextlib.suppress(ValueError, UnicodeError):  # no key that a PNG may have
                texts.add_itxt(key, value)
        if xmp:
            texts.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
        options = {"exif": exif, "pnginfo": texts}
    elif format == "TIFF":
        tags = Image.Exif()
        tags.load(exif)
        tags.update({tag: value for tag, value in ((XMP_TAG, xmp), (IPTC_TAG, iptc)) if value})
        options = {"exif": tags}
    elif format in ("WEBP", "AVIF", "HEIF"):
        options = {name: value for name, value in (("exif", exif), ("xmp", xmp)) if value}
    elif format == "GIF":
        options = {"comment": comment}
    return options | ({"dpi": dpi} if dpi and format in ("JPEG", "PNG", "TIFF", "BMP") else {})


def _exif(image: Image.Image, dpi: tuple[float, float] | None, origin: str | None = None) -> bytes:
    marked = Image.Exif()
    if origin is not None:
        marked[Base.ProcessingSoftware] = origin
    try:
        # that of PNGs decodes the picture, for what may come after it
        png = image.format == "PNG"
        before = Image.Image.getexif(image) if png else image.getexif()
        after = Image.Exif()
        after.endian = before.endian  # texts of two bytes per letter have no mark of their own
        after.update({tag: value for tag, value in before.items() if tag in ABOUT_PHOTOGRAPH})
        after.update(marked)
        details = {
            tag: value
            for tag, value in before.get_ifd(IFD.Exif).items()
            if tag not in NOT_OF_PAINTED
        }
        if Base.ColorSpace in details:
            details[Base.ColorSpace] = 1  # sRGB
        for place, directory in ((IFD.Exif, details), (IFD.GPSInfo, before.get_ifd(IFD.GPSInfo))):
            if directory:
                after[place] = dict(directory)
        if dpi:
            after.update({Base.XResolution: dpi[0], Base.YResolution: dpi[1]})
            after[Base.ResolutionUnit] = 2  # inches
        return after.tobytes() if after else b""
    except Exception:  # the bytes are foreign
        return marked.tobytes() if marked else b""


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(one) for one in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < MOST_DPI and 0 < down < MOST_DPI else None


def _xmp(image: Image.Image) -> bytes:
    packet = image.info.get("xmp", image.info.get("XML:com.adobe.xmp", b""))
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    return NOT_OF_PAINTED_XMP.sub(b"", packet)


def _iptc(image: Image.Image) -> bytes:
    resources = image.info.get("photoshop")
    tags = getattr(image, "tag_v2", {})
    records = resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else tags.get(IPTC_TAG)
    return records if isinstance(records, bytes) else b""


def _text(image: Image.Image) -> tuple[tuple[str, str], ...]:
    comment = image.info.get("comment", b"")
    if isinstance(comment, bytes):
        comment = comment.rstrip(b"\0").decode("utf-8", "replace")
    texts = {"Comment": comment} if comment else {}
    # what a PNG has under these names is metadata of other kinds
    texts |= {
        str(key): str(value)
        for key, value in getattr(image, "text", {}).items()
        if not key.startswith(("Raw profile type ", "XML:com.adobe.xmp", "exif:", "Thumb::"))
    }
    return tuple(texts.items())


def _photoshop_segment(iptc: bytes) -> bytes:
    """IPTC as a JPEG has it: a resource of Photoshop."""
    resource = b"8BIM" + struct.pack(">HHI", IPTC_RESOURCE, 0, len(iptc)) + iptc
    content = b"Photoshop 3.0\0" + resource + b"\0" * (len(iptc) % 2)
    if len(content) > SEGMENT:
        return b""
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content
