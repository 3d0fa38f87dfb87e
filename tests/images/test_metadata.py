import struct

import numpy as np
import pytest
from PIL import Image, IptcImagePlugin, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from fastnst.images.formats import SUFFIXES
from fastnst.images.metadata import Metadata, metadata_options, read_metadata
from fastnst.images.read import read_image
from fastnst.images.write import write_image
from fastnst.machine.errors import UserError

EXIF_FORMATS = [s for s in (".jpg", ".png", ".tif", ".webp", ".avif", ".heic") if s in SUFFIXES]
IPTC = b"\x1c\x02\x78\x00\x05A boa"  # 2:120, the caption
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 tiff:Orientation="6" tiff:Make="Cam" exif:PixelXDimension='48' dc:title="Boat">
<tiff:Orientation>6</tiff:Orientation><dc:rights>mine</dc:rights>
<xmp:Thumbnails><rdf:Alt><rdf:li xmpGImg:image="/9j/4AAQ"/></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def camera_exif(orientation=1):
    exif = Image.Exif()
    exif[Base.Make] = "Camera"
    exif[Base.Copyright] = "mine"
    exif[Base.Orientation] = orientation
    exif[Base.XResolution], exif[Base.YResolution] = 300.0, 300.0
    exif[Base.ResolutionUnit] = 2
    exif[IFD.Exif] = {
        Base.ExposureTime: 0.004, Base.DateTimeOriginal: "2026:11:20 10:00:00",
        Base.ExifImageWidth: 48, Base.ExifImageHeight: 32, Base.MakerNote: b"secret" * 9,
        Base.ColorSpace: 65535, Base.UserComment: b"ASCII\0\0\0hello",
    }  # fmt: skip
    exif[IFD.GPSInfo] = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (50.0, 7.0, 30.0)}
    return exif


def with_thumbnail(exif):
    """EXIF bytes with a second directory, which holds a JPEG."""
    content = exif.tobytes()[6:]
    jpeg = b"\xff\xd8THUMBNAIL\xff\xd9"
    end = 8 + 2 + 12 * struct.unpack_from("<H", content, 8)[0]
    place = len(content) + 2 + 3 * 12 + 4
    second = struct.pack("<H", 3) + struct.pack("<HHII", 0x0103, 3, 1, 6)
    second += struct.pack("<HHII", 0x0201, 4, 1, place)
    second += struct.pack("<HHIII", 0x0202, 4, 1, len(jpeg), 0)
    linked = content[:end] + struct.pack("<I", len(content)) + content[end + 4 :]
    return b"Exif\0\0" + linked + second + jpeg


def stored_exif(path):
    with Image.open(path) as image:
        exif = image.getexif()
        return exif, exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)


@pytest.mark.parametrize("source", EXIF_FORMATS)
@pytest.mark.parametrize("target", EXIF_FORMATS)
def test_exif_is_kept_except_what_is_of_the_old_picture(picture, tmp_path, source, target):
    path = picture(f"photo{source}", exif=with_thumbnail(camera_exif()))
    kept = read_metadata(path)
    assert kept == Metadata(exif=kept.exif)
    out = tmp_path / f"painted{target}"
    write_image(read_image(path), out, metadata=kept)
    exif, details, place = stored_exif(out)
    assert (exif[Base.Make], exif[Base.Copyright]) == ("Camera", "mine")
    assert float(details[Base.ExposureTime]) == pytest.approx(0.004)
    assert details[Base.DateTimeOriginal] == "2026:11:20 10:00:00"
    assert details[Base.UserComment] == b"ASCII\0\0\0hello"
    assert details[Base.ColorSpace] == 1
    assert place[GPS.GPSLatitude] == (50, 7, 30)
    assert not {Base.MakerNote, Base.ExifImageWidth, Base.ExifImageHeight} & {*details}
    assert exif.get(Base.Orientation, 1) == 1
    content = out.read_bytes()
    assert b"THUMBNAIL" not in content
    assert b"secret" not in content
    if target not in (".tif", ".png"):
        assert Base.XResolution not in exif


@pytest.mark.parametrize("suffix", EXIF_FORMATS)
def test_the_picture_is_upright_once(tmp_path, photograph, suffix):
    """And not turned again by those who read the result."""
    upright = photograph(64, 48)
    path = tmp_path / "photo.jpg"
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    turned.save(path, exif=camera_exif(6), quality=95, xmp=XMP)
    out = tmp_path / f"painted{suffix}"
    write_image(read_image(path), out, metadata=read_metadata(path, everything=True))
    difference = np.abs(np.array(read_image(out), int) - np.array(upright))
    assert difference.mean() < 8
    assert b"Orientation" not in out.read_bytes()


@pytest.mark.parametrize("suffix", [*EXIF_FORMATS, ".bmp", ".gif", ".ppm"])
def test_without_metadata_nothing_is_written(picture, tmp_path, suffix):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "chat")
    image = read_image(picture(exif=camera_exif(), dpi=(300, 300), pnginfo=texts))
    assert image.info == {}
    write_image(image, tmp_path / f"out{suffix}")
    assert read_metadata(tmp_path / f"out{suffix}").exif == b""
    assert b"Camera" not in (tmp_path / f"out{suffix}").read_bytes()
    assert b"chat" not in (tmp_path / f"out{suffix}").read_bytes()


@pytest.mark.parametrize("source", [".jpg", ".png", ".tif", ".bmp"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".tif", ".bmp"])
def test_dpi_on_request(picture, tmp_path, source, target):
    path = picture(f"photo{source}", dpi=(300, 150))
    assert read_metadata(path).dpi is None
    metadata = read_metadata(path, everything=True)
    assert metadata.dpi == pytest.approx((300, 150), abs=0.1)
    write_image(read_image(path), tmp_path / f"out{target}", metadata=metadata)
    again = read_metadata(tmp_path / f"out{target}", everything=True)
    assert again.dpi == pytest.approx((300, 150), abs=0.1)


def test_dpi_goes_into_exif_where_nothing_else_holds_it(picture, tmp_path):
    path = picture("photo.jpg", dpi=(300, 300))
    write_image(read_image(path), tmp_path / "a.webp", metadata=read_metadata(path, True))
    assert stored_exif(tmp_path / "a.webp")[0][Base.XResolution] == 300


@pytest.mark.parametrize("source", EXIF_FORMATS)
@pytest.mark.parametrize("target", EXIF_FORMATS)
def test_xmp_on_request_less_what_is_of_the_old_picture(tmp_path, photograph, source, target):
    path = tmp_path / f"photo{source}"
    options = metadata_options(Metadata(xmp=XMP), {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF"}
        .get(source, "WEBP"))  # fmt: skip
    photograph(48, 32).save(path, **options)
    assert read_metadata(path).xmp == b""
    metadata = read_metadata(path, everything=True)
    write_image(photograph(48, 32), tmp_path / f"out{target}", metadata=metadata)
    xmp = read_metadata(tmp_path / f"out{target}", everything=True).xmp
    for kept in (b'tiff:Make="Cam"', b'dc:title="Boat"', b"<dc:rights>mine</dc:rights>"):
        assert kept in xmp
    for gone in (b"Orientation", b"Thumbnails", b"4AAQ", b"PixelXDimension"):
        assert gone not in xmp


@pytest.mark.parametrize("source", [".jpg", ".tif"])
@pytest.mark.parametrize("target", [".jpg", ".tif"])
def test_iptc_on_request(tmp_path, photograph, source, target):
    write_image(photograph(48, 32), tmp_path / f"a{source}", metadata=Metadata(iptc=IPTC))
    assert read_metadata(tmp_path / f"a{source}").iptc == b""
    metadata = read_metadata(tmp_path / f"a{source}", everything=True)
    write_image(photograph(48, 32), tmp_path / f"b{target}", metadata=metadata)
    with Image.open(tmp_path / f"b{target}") as image:
        assert IptcImagePlugin.getiptcinfo(image) == {(2, 120): b"A boa"}


@pytest.mark.parametrize("late", [False, True])
def test_texts_on_request(tmp_path, photograph, late):
    texts = PngImagePlugin.PngInfo()
    for key, value in (("Title", "Boat"), ("Comment", "großartig"), ("Thumb::URI", "x"),
                       ("XML:com.adobe.xmp", "<x:xmpmeta/>")):  # fmt: skip
        texts.add_itxt(key, value)
    photograph(48, 32).save(tmp_path / "a.png", pnginfo=texts, exif=camera_exif())
    if late:  # after the pixels, where a PNG may have them as well
        content = (tmp_path / "a.png").read_bytes()
        start, stop, end = (content.index(name) - 4 for name in (b"iTXt", b"eXIf", b"IEND"))
        parts = content[:start], content[stop:end], content[start:stop], content[end:]
        (tmp_path / "a.png").write_bytes(b"".join(parts))
    assert read_metadata(tmp_path / "a.png").text == ()
    metadata = read_metadata(tmp_path / "a.png", everything=True)
    assert dict(metadata.text) == {"Title": "Boat", "Comment": "großartig"}
    assert metadata.xmp == b"<x:xmpmeta/>"
    for name in ("b.png", "b.jpg", "b.gif"):
        write_image(photograph(48, 32), tmp_path / name, metadata=metadata)
        again = dict(read_metadata(tmp_path / name, everything=True).text)
        assert again == (dict(metadata.text) if name == "b.png" else {"Comment": "großartig"})


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff",
    b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x07" * 40, b"Exif\0\0" + b"\xff" * 99,
    camera_exif(6).tobytes()[:60]])  # fmt: skip
@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.filterwarnings("ignore")  # Pillow's, of what is damaged
def test_broken_exif_stops_nothing(picture, tmp_path, exif, everything):
    path = picture("photo.jpg", exif=exif)
    metadata = read_metadata(path, everything)
    assert isinstance(metadata.exif, bytes)
    write_image(read_image(path), tmp_path / "out.jpg", metadata=metadata)
    assert min(read_image(tmp_path / "out.jpg").size) == 32


@pytest.mark.parametrize("size", [65_000, 66_000])
def test_what_is_too_long_for_a_jpeg_is_left_out(picture, tmp_path, size):
    exif = camera_exif()
    exif[Base.ImageDescription] = "a" * size
    path = picture(exif=exif)
    long = read_metadata(path)._replace(xmp=b" " * size * 2, iptc=b" " * size * 2)
    write_image(read_image(path), tmp_path / "out.jpg", metadata=long)
    assert (read_metadata(tmp_path / "out.jpg").exif != b"") == (size == 65_000)
    write_image(read_image(path), tmp_path / "out.webp", metadata=long)
    assert read_metadata(tmp_path / "out.webp").exif == long.exif


@pytest.mark.parametrize(
    "dpi", [(0, 0), (float("inf"), 300), (2**32 - 1, 300), "many", (300,), None]
)
def test_dpi_that_is_none_is_left_out(picture, dpi, monkeypatch):
    path = picture()
    opened = Image.open
    monkeypatch.setattr(
        Image, "open", lambda *a: (image := opened(*a), image.info.update(dpi=dpi))[0]
    )
    assert read_metadata(path, everything=True).dpi is None


@pytest.mark.parametrize(("endian", "mark"), [("<", b"II"), (">", b"MM")])
def test_the_order_of_bytes_is_kept(picture, endian, mark):
    exif = camera_exif()
    exif.endian = endian
    assert read_metadata(picture("photo.jpg", exif=exif)).exif[6:8] == mark


def test_what_is_no_picture_has_no_metadata(tmp_path):
    (tmp_path / "note.jpg").write_text("text")
    for name in ("note.jpg", "gone.jpg"):
        with pytest.raises(UserError, match=name):
            read_metadata(tmp_path / name)


def test_a_huge_picture_has_metadata(picture, monkeypatch):
    path = picture("photo.jpg", exif=camera_exif())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert b"Camera" in read_metadata(path).exif
