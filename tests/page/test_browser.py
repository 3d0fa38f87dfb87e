"""The page in a real browser: what people do with it, and that nothing leaves the machine."""

import io
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fastnst.drawing import draw_dead_leaves
from fastnst.models import ENDING, MODELS, read_style, write_style
from fastnst.page import PageServer, choose, write_site
from fastnst.page.site import BUILT
from fastnst.stylizing import Stylizer

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
STYLES = ["irises", "red_fuji", "starry_night"]
PATIENCE = 120_000  # milliseconds
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium: apt-get install chromium"),
    pytest.mark.skipif(not BUILT.is_dir(), reason="the page is not built: make site"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[PageServer]:
    site = tmp_path_factory.mktemp("page") / "site"
    write_site(site, choose(STYLES, []))
    with PageServer(site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with (
        playwright.sync_playwright() as program,
        program.chromium.launch(executable_path=BROWSER, args=QUIET) as browser,
    ):
        yield browser


@pytest.fixture
def visit(browser, server) -> Iterator[Callable[..., object]]:
    """Opens the page; at the end nothing may have gone wrong in it, or out of it."""
    opened, wrong = [], []

    def watch(page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)
        page.on("request", lambda it: None if _ours(it.url, server) else wrong.append(it.url))

    def visit(**how):
        context = browser.new_context(accept_downloads=True, **how)
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        page = context.new_page()
        watch(page)
        page.goto(server.address)
        _says(page, "Choose a picture") if "locale" not in how else None
        return page

    yield visit
    for context in opened:
        context.close()
    assert wrong == []


def _ours(url: str, server: PageServer) -> bool:
    return url.startswith((server.address, "blob:", "data:"))


def _says(page, text: str) -> None:
    playwright.expect(page.locator("#status")).to_contain_text(text, timeout=PATIENCE)


def _picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(draw_dead_leaves(max(width, height), 3, 0)[:height, :width])


def _file(picture: Image.Image, name: str = "photo.png", **how) -> dict[str, object]:
    content = io.BytesIO()
    picture.save(content, Path(name).suffix[1:].replace("jpg", "jpeg"), **how)
    return {"name": name, "mimeType": "image/*", "buffer": content.getvalue()}


def _choose(page, file: dict[str, object]) -> None:
    page.set_input_files("#file", [file])
    _says(page, "This is a preview")


def _saved(page, button: str = "#save-png") -> tuple[str, Image.Image]:
    """At full size, which is painted if it is not there yet."""
    with page.expect_download() as found:
        page.click(button)
    _says(page, "Saved as")
    return found.value.suggested_filename, Image.open(found.value.path())


def _set(page, slider: str, value: float) -> None:
    page.eval_on_selector(
        slider,
        "(it, value) => { it.value = value; it.dispatchEvent(new Event('input')); }",
        value,
    )


def _style(page, title: str) -> None:
    page.locator("#gallery label").filter(has_text=title).click()


def _apart(one: Image.Image, other: Image.Image) -> float:
    assert one.size == other.size
    values = (np.asarray(it.convert("RGB"), np.float64) for it in (one, other))
    return float(np.abs(np.subtract(*values)).mean())


@pytest.mark.parametrize(
    ("wishes", "same"),
    [
        ({}, {"style": "irises"}),
        ({"style": "Fine Wind"}, {"style": "red_fuji"}),
        ({"strength": 50}, {"style": "irises", "strength": 0.5}),
        ({"colours": True}, {"style": "irises", "preserve_color": "lum"}),
        ({"marks": 2}, {"style": "irises", "style_scale": 2}),
        (
            {"mix": "Fine Wind, Clear Morning", "mix-share": 40},
            {"style": {"irises": 0.6, "red_fuji": 0.4}},
        ),
    ],
    ids=["as it is", "another style", "strength", "colours", "marks", "mixture"],
)
def test_it_paints_what_the_command_line_paints(visit, wishes, same):
    page, picture = visit(), _picture(221, 150)
    _choose(page, _file(picture))
    for name, wish in wishes.items():
        if name == "style":
            _style(page, wish)
        elif name == "mix":
            page.select_option("#mix", label=wish)
        elif name == "colours":
            page.check("#colours")
        else:
            _set(page, f"#{name}", wish)
    name, painted = _saved(page)
    assert name.startswith("photo_")
    assert _apart(painted, Stylizer(**same, device="cpu")(picture)) < 2
    assert _apart(painted, picture) > 5


def test_tiles_fit_together_as_in_one_piece(visit):
    page, picture = visit(), _picture(830, 40)  # two tiles for the page, one for the command line
    _choose(page, _file(picture))
    whole = Stylizer(style="irises", device="cpu", tile=None)(picture)
    assert _apart(_saved(page)[1], whole) < 2


def test_jpeg_lies_as_its_exif_says(visit):
    page, picture = visit(), _picture(90, 60)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it to the right
    _choose(page, _file(picture, "lying.jpg", exif=exif, quality=95))
    name, painted = _saved(page, "#save-jpeg")
    assert name.endswith(".jpg")
    assert painted.size == (60, 90)
    assert painted.getexif().get(0x0112, 1) == 1
    upright = picture.transpose(Image.Transpose.ROTATE_270)
    assert _apart(painted, Stylizer(style="irises", device="cpu")(upright)) < 8  # JPEG, twice


def test_transparency_is_kept(visit):
    page, picture = visit(), _picture(64, 48).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    _choose(page, _file(picture))
    alpha = np.asarray(_saved(page)[1].convert("RGBA"))[..., 3]
    np.testing.assert_allclose(alpha, np.asarray(picture)[..., 3], atol=1)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ({"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}, "x.png is not a pi"),
        (_file(_picture(64, 64), "cut.png") | {"buffer": b"\x89PNG\r\n\x1a\n\0\0"}, "is not a pi"),
        (_file(Image.new("L", (15, 200)), "thin.png"), "at least 16 pixels"),
        (_file(Image.new("1", (12000, 5000)), "bomb.png"), "more than 50 megapixels"),
        (
            _file(_picture(64, 64), "icc.png", icc_profile=b"\xff" * 300),
            None,  # a profile that is none does no harm
        ),
    ],
    ids=["text", "cut off", "thin", "huge", "profile"],
)
def test_hostile_pictures_end_in_a_sentence(visit, file, says):
    page = visit()
    page.set_input_files("#file", [file])
    _says(page, says or "This is a preview")
    _choose(page, _file(_picture(40, 40), "good.png"))  # and then all goes on


def test_wide_gamut_pictures_are_converted(visit):
    page, picture = visit(), _picture(80, 60)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    _choose(page, _file(picture, icc_profile=srgb))
    assert _apart(_saved(page)[1], Stylizer(style="irises", device="cpu")(picture)) < 2


def test_a_style_file_is_dropped(visit, tmp_path):
    source = read_style(MODELS / f"great_wave{ENDING}")
    path = tmp_path / f"mine{ENDING}"
    write_style(path, source.numbers, {"name": "mine", "title": "Möwe <b>"}, source.network)
    page, picture = visit(), _picture(100, 80)
    _choose(page, _file(picture))
    page.set_input_files("#style-file", [path])
    _says(page, "Added the style Möwe <b>")
    assert page.locator("#gallery input").count() == len(STYLES) + 1
    assert _apart(_saved(page)[1], Stylizer(path, device="cpu")(picture)) < 2
    for bad, says in (
        (path.read_bytes()[:300], "not a style file"),
        (b"", "not a style file"),
    ):
        page.set_input_files(
            "#style-file", [{"name": f"bad{ENDING}", "mimeType": "", "buffer": bad}]
        )
        _says(page, says)
    write_style(path, source.numbers, {"name": "other"}, "0" * 64)
    page.set_input_files("#style-file", [path])
    _says(page, "another network")


def test_painting_is_cancelled(visit):
    page = visit()
    _choose(page, _file(_picture(900, 900)))
    page.click("#paint")
    _says(page, "Painting at full size")
    page.click("#cancel")
    _says(page, "This is a preview")
    assert page.locator("#paint").is_enabled()


def test_the_webcam_is_painted_live(visit):
    page = visit(permissions=["camera"])
    page.click("#webcam")
    playwright.expect(page.locator("#rate")).to_contain_text("pictures a second", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('#canvas').width > 0")
    page.click("#snapshot")
    _says(page, "This is a preview")
    name, painted = _saved(page)
    assert name.startswith("camera_")
    assert min(painted.size) >= 240
    page.click("#webcam")
    page.click("#webcam")
    playwright.expect(page.locator("#rate")).to_be_hidden()


def test_without_a_camera_it_says_so(visit):
    page = visit()
    none = "async () => { throw new DOMException('', 'NotFoundError'); }"
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {none}; }}")
    page.click("#webcam")
    _says(page, "No camera was found")


def test_it_works_offline_after_the_first_time(browser, tmp_path):
    site = tmp_path / "site"
    write_site(site, choose(["irises"], []))
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    with PageServer(site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        page.goto(server.address)
        _says(page, "Choose a picture")
        server.shutdown()
        thread.join()
    page.goto("about:blank")
    page.goto(server.address)
    _choose(page, _file(_picture(60, 50)))
    context.close()


@pytest.mark.parametrize(
    ("locale", "half", "factor"),
    [("de-DE", "50\u00a0%", "1,5"), ("ar-EG", "\u0665\u0660", "\u0661\u066b\u0665")],
)
def test_numbers_and_names_of_other_languages(visit, locale, half, factor):
    page = visit(locale=locale)
    _choose(page, _file(_picture(60, 50), "صورة é.png"))
    _set(page, "#strength", 50)
    _set(page, "#marks", 1.5)
    assert half in page.inner_text("#strength-value")
    assert factor in page.inner_text("#marks-value")
    assert _saved(page)[0].startswith("صورة é")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(360, 740), (820, 1180), (1440, 900)], ids=str)
def test_everybody_can_use_it(visit, scheme, size):
    if not AXE.is_file():
        pytest.skip("axe-core is not there: make site")
    page = visit(
        color_scheme=scheme, viewport={"width": size[0], "height": size[1]}, bypass_csp=True
    )
    for ready in (False, True):
        if ready:
            _choose(page, _file(_picture(80, 60)))
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")["violations"]
        assert [(it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


def test_all_of_it_by_keys(visit):
    page = visit()
    _choose(page, _file(_picture(60, 50)))
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {
        *("choose", "webcam", "before-after", "style", "mix", "strength", "marks", "colours"),
        *("paint", "save-png", "save-jpeg", "add-style"),
    } <= seen
    before = page.input_value("#before-after")
    page.focus("#before-after")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#before-after") != before


def test_paintings_of_the_gallery_are_shown(visit):
    page = visit()
    assert page.locator("#gallery img").count() == len(STYLES)
    widths = page.eval_on_selector_all("#gallery img", "all => all.map(it => it.naturalWidth)")
    assert widths == [64] * len(STYLES)


def test_only_what_the_page_brings_may_run(server):
    text = (BUILT / "index.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe-inline" not in policy[1]
    assert "unsafe-eval'" not in policy[1].replace("wasm-unsafe-eval'", "")
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
