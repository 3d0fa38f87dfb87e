"""The page in a real browser paints what the command line paints."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from small.browser import (
    MARKS,
    STYLES,
    apart,
    as_file,
    choose_style,
    drawn,
    open_picture,
    saved,
    says,
    set_slider,
    until,
)
from small.profiles import ADOBE, rgb_profile

from fastnst.models import ENDING, MODELS, read_style, write_style
from fastnst.stylizing import Stylizer

pytestmark = MARKS


def _mix(page) -> None:
    page.select_option("#mix", label="Fine Wind, Clear Morning")
    set_slider(page, "#mix-share", 40)


def test_it_paints_what_the_command_line_paints(visit):
    page, picture = visit(), drawn(221, 150)
    open_picture(page, as_file(picture))
    one_after_the_other = [
        (lambda: None, {"style": "irises"}),
        (lambda: set_slider(page, "#strength", 50), {"strength": 0.5}),
        (lambda: page.check("#colours"), {"preserve_color": "lum"}),
        (lambda: set_slider(page, "#marks", 2), {"style_scale": 2.0}),
        (lambda: _mix(page), {"style": {"irises": 0.6, "red_fuji": 0.4}}),
        (lambda: page.uncheck("#colours"), {"preserve_color": None}),
        (lambda: set_slider(page, "#strength", 100), {"strength": 1.0}),
        (lambda: choose_style(page, "Starry"), {"style": {"starry_night": 0.6, "red_fuji": 0.4}}),
    ]
    same: dict[str, Any] = {}
    for change, wish in one_after_the_other:
        change()
        same |= wish
        name, painted = saved(page)
        assert name.startswith("photo_")
        assert apart(painted, Stylizer(**same, device="cpu")(picture)) < 2, same
        assert apart(painted, picture) > 5


def _shown(page) -> Image.Image:
    """The preview, with the pixels that it was painted with."""
    address = page.evaluate("document.querySelector('#canvas').toDataURL()")
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_the_light_network_paints_previews_and_the_full_one_what_is_saved(visit, light_page):
    page, picture = visit(light_page), drawn(221, 150)  # no larger than a preview
    open_picture(page, as_file(picture))
    for title, style in (("Irises", "irises"), ("Fine Wind", "red_fuji")):
        choose_style(page, title)
        says(page, "This is a preview")
        light = light_page.files[f"/styles/light/{style}{ENDING}"]
        preview, full = _shown(page), Stylizer(style=style, device="cpu")(picture)
        assert apart(preview, Stylizer(light, device="cpu")(picture)) < 2
        assert apart(preview, full) > 5
        assert apart(saved(page)[1], full) < 2
    # which is not in the light network
    choose_style(page, "Starry")
    says(page, "This is a preview")
    assert apart(_shown(page), Stylizer(style="starry_night", device="cpu")(picture)) < 2
    # another picture has more pixels in its preview where that is light
    open_picture(page, as_file(drawn(600, 600)))
    assert _shown(page).size == (320, 320)
    choose_style(page, "Irises")
    until(page, "document.querySelector('#canvas').width === 512")


def test_tiles_fit_together_as_in_one_piece(visit):
    page, picture = visit(), drawn(830, 40)  # two tiles for the page, one for the command line
    open_picture(page, as_file(picture))
    whole = Stylizer(style="irises", device="cpu", tile=None)(picture)
    assert apart(saved(page)[1], whole) < 2


def test_jpeg_lies_as_its_exif_says(visit):
    page, picture = visit(), drawn(90, 60)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it to the right
    open_picture(page, as_file(picture, "lying.jpg", exif=exif, quality=95))
    name, painted = saved(page, "#save-jpeg")
    assert name.endswith(".jpg")
    assert painted.size == (60, 90)
    assert painted.getexif().get(0x0112, 1) == 1
    upright = picture.transpose(Image.Transpose.ROTATE_270)
    assert apart(painted, Stylizer(style="irises", device="cpu")(upright)) < 8  # JPEG, twice


def test_transparency_is_kept(visit):
    page, picture = visit(), drawn(64, 48).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    open_picture(page, as_file(picture))
    alpha = np.asarray(saved(page)[1].convert("RGBA"))[..., 3]
    np.testing.assert_allclose(alpha, np.asarray(picture)[..., 3], atol=1)


def test_profiles_are_followed(visit):
    page, picture = visit(), drawn(80, 60)
    file = as_file(picture, icc_profile=rgb_profile(ADOBE[:, ::-1]))  # red is blue
    open_picture(page, file)
    painted, paint = saved(page)[1], Stylizer(style="irises", device="cpu")
    assert apart(painted, paint(file["buffer"])) < 2
    assert apart(paint(picture), paint(file["buffer"])) > 4


def test_transparent_pictures_with_other_marks(visit):
    page, picture = visit(), drawn(120, 90).convert("RGBA")
    alpha = Image.linear_gradient("L").resize(picture.size)
    picture.putalpha(alpha.point(lambda it: min(255, max(0, 4 * (it - 99)))))
    open_picture(page, as_file(picture))
    black = Image.new("RGBA", picture.size, "black")
    for marks in (1, 2):
        set_slider(page, "#marks", marks)
        painted = Stylizer(style="irises", style_scale=float(marks), device="cpu")(picture)
        pair = (it.convert("RGBA") for it in (saved(page)[1], painted))
        assert apart(*(Image.alpha_composite(black, one) for one in pair)) < 2


def test_a_style_file_is_dropped(visit, tmp_path):
    source = read_style(MODELS / f"great_wave{ENDING}")
    path = tmp_path / f"mine{ENDING}"
    write_style(path, source.numbers, {"name": "mine", "title": "Möwe <b>"}, source.network)
    page, picture = visit(), drawn(100, 80)
    open_picture(page, as_file(picture))
    page.set_input_files("#style-file", [path])
    says(page, "Added the style Möwe <b>")
    assert page.locator("#gallery input").count() == len(STYLES) + 1
    assert apart(saved(page)[1], Stylizer(path, device="cpu")(picture)) < 2
    for bad in (path.read_bytes()[:300], b""):
        file = {"name": f"bad{ENDING}", "mimeType": "", "buffer": bad}
        page.set_input_files("#style-file", [file])
        says(page, "not a style file")
    write_style(path, source.numbers, {"name": "other"}, "0" * 64)
    page.set_input_files("#style-file", [path])
    says(page, "another network")
