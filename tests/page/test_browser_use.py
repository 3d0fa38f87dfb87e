"""The page in a real browser: for everybody, everywhere, and nothing leaves the machine."""

import re
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image
from small.browser import (
    BROWSER,
    MARKS,
    PATIENCE,
    QUIET,
    STYLES,
    as_file,
    drawn,
    note_requests,
    open_picture,
    saved,
    says,
    serving,
    set_slider,
    until,
    unwatched,
    wait_until,
)

from fastnst.page import choose, server, write_site
from fastnst.page.site import BUILT

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"

pytestmark = MARKS


def test_hostile_pictures_end_in_a_sentence(visit):
    page = visit()
    png = {"mimeType": "image/png"}
    for file, sentence in (
        ({"name": "x.png", "buffer": b"no picture", **png}, "x.png is not a picture"),
        ({"name": "cut.png", "buffer": b"\x89PNG\r\n\x1a\n\0\0", **png}, "is not a picture"),
        (as_file(Image.new("L", (15, 200)), "thin.png"), "at least 16 pixels"),
        (as_file(Image.new("1", (12000, 5000)), "bomb.png"), "more than 50 megapixels"),
    ):
        page.set_input_files("#file", [file])
        says(page, sentence)
    # and then all goes on; a profile that is none does no harm
    open_picture(page, as_file(drawn(64, 64), icc_profile=b"\xff" * 300))


def test_painting_is_cancelled(visit):
    page = visit()
    open_picture(page, as_file(drawn(900, 900)))
    page.click("#paint")
    says(page, "Painting at full size")
    page.click("#cancel")
    says(page, "This is a preview")
    assert page.locator("#paint").is_enabled()


def test_the_webcam_is_painted_live(visit):
    page = visit(permissions=["camera"])
    page.click("#webcam")
    page.locator("#rate", has_text="pictures a second").wait_for(timeout=PATIENCE)
    until(page, "document.querySelector('#canvas').width > 0")
    page.click("#snapshot")
    says(page, "This is a preview")
    assert page.evaluate("document.querySelector('#before').height") >= 240
    page.click("#webcam")
    page.locator("#webcam", has_text="Stop").click()
    page.locator("#rate").wait_for(state="hidden")


def test_without_a_camera_it_says_so(visit):
    page = visit()
    none = "async () => { throw new DOMException('', 'NotFoundError'); }"
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {none}; }}")
    page.click("#webcam")
    says(page, "No camera was found")


@pytest.fixture
def elsewhere(monkeypatch):
    """The same under another name, as if a web host served it: the page keeps itself there."""
    monkeypatch.setattr(server, "OURS", re.compile(".*"))
    return lambda address: address.replace("127.0.0.1", "page.localhost")


@pytest.mark.parametrize("with_headers", [True, False], ids=["our headers", "a plain host"])
def test_it_works_offline_after_the_first_time(
    browser, tmp_path, monkeypatch, elsewhere, with_headers
):
    folder = tmp_path / "site"
    write_site(folder, choose(["irises"], []))
    (folder / "blog.html").write_text("another page of that host")
    if not with_headers:
        monkeypatch.setattr(server, "HEADERS", {})
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    with serving(folder) as host:
        if not with_headers:
            del host.headers["Content-Security-Policy"]
        page.goto(elsewhere(host.address))
        until(page, "crossOriginIsolated")  # threads; it has loaded itself again
        says(page, "Choose a picture")
        until(page, "caches.match(location.href).then(it => !!it)")
        assert "another page" in page.evaluate("fetch('blog.html').then(it => it.text())")
        if not with_headers:  # only the worker would add them
            asked = "fetch('blog.html').then(it => it.headers.get('Cross-Origin-Opener-Policy'))"
            assert page.evaluate(asked) is None
    page.goto("about:blank")
    page.goto(elsewhere(host.address) + "?from=somewhere")
    open_picture(page, as_file(drawn(60, 50)))
    assert page.evaluate("crossOriginIsolated")
    context.close()


def test_the_light_network_is_kept_for_offline_too(browser, light_page, elsewhere):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(elsewhere(light_page.address))
    says(page, "Choose a picture")
    for name in ("many_styles", "irises.style"):
        until(page, f"caches.match('styles/light/{name}.safetensors').then(it => !!it)")
    context.close()


def test_a_new_build_takes_the_place_of_the_old_one(browser, tmp_path, elsewhere):
    folder, profile = tmp_path / "site", tmp_path / "profile"
    write_site(folder, choose(["irises"], []))
    with serving(folder) as host:
        asked, address = note_requests(host), elsewhere(host.address)
        with unwatched(profile, address):
            wait_until(lambda: "GET /styles/light/many_styles.safetensors" in asked)  # the last one
        worker = folder / "sw.js"
        old = re.search('PREFIX \\+ "(\\w+)"', worker.read_text())
        assert old
        worker.write_text(worker.read_text().replace(old[1], "newer"))
        with unwatched(profile, address):
            # it asks which of the files that the old one kept are still there
            wait_until(lambda: "HEAD /styles/many_styles.safetensors" in asked)
        with browser.browser_type.launch_persistent_context(
            profile, executable_path=BROWSER, args=QUIET
        ) as context:
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(address)
            until(page, "caches.keys().then(all => !all.some(it => !it.endsWith(' newer')))")
            until(page, "caches.match('styles/light/many_styles.safetensors').then(it => !!it)")
            page.goto("about:blank")
            host.shutdown()
            host.server_close()
            page.goto(address)
            open_picture(page, as_file(drawn(60, 50)))


def test_workers_get_the_policy_too(real_page):
    with urlopen(f"{real_page.address}sw.js") as found:
        assert "connect-src 'self'" in found.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in found.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("locale", "half", "factor"),
    [("de-DE", "50\u00a0%", "1,5"), ("ar-EG", "\u0665\u0660", "\u0661\u066b\u0665")],
)
def test_numbers_and_names_of_other_languages(visit, locale, half, factor):
    page = visit(locale=locale)
    open_picture(page, as_file(drawn(60, 50), "صورة é.png"))
    set_slider(page, "#strength", 50)
    set_slider(page, "#marks", 1.5)
    assert half in page.inner_text("#strength-value")
    assert factor in page.inner_text("#marks-value")
    assert saved(page)[0].startswith("صورة é")


def test_everybody_can_use_it(visit):
    if not AXE.is_file():
        pytest.skip("axe-core is not there: make site")
    page = visit(bypass_csp=True)
    page.add_script_tag(path=AXE)
    for opened in (False, True):
        if opened:
            open_picture(page, as_file(drawn(80, 60)))
        for width, height in ((360, 740), (820, 1180), (1440, 900)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found = page.evaluate("axe.run()")["violations"]
                assert [(it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []


def test_all_of_it_by_keys(visit):
    page = visit()
    open_picture(page, as_file(drawn(60, 50)))
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
    page.locator("#gallery img").nth(len(STYLES) - 1).wait_for()
    widths = page.eval_on_selector_all("#gallery img", "all => all.map(it => it.naturalWidth)")
    assert widths == [64] * len(STYLES)


def test_only_what_the_page_brings_may_run():
    text = (BUILT / "index.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe-inline" not in policy[1]
    assert "unsafe-eval'" not in policy[1].replace("wasm-unsafe-eval'", "")
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
