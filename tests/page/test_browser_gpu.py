"""The page on a graphics card, which Chromium can play, slowly."""

from pathlib import Path

import pytest
from small.browser import (
    CARD,
    MARKS,
    apart,
    as_file,
    drawn,
    launched,
    open_picture,
    saved,
    says,
    serving,
)

from fastnst.models import ENDING
from fastnst.page import choose, write_site
from fastnst.stylizing import Stylizer

pytestmark = MARKS


@pytest.fixture(scope="module")
def card_browser():
    with launched(*CARD) as browser:
        yield browser


@pytest.mark.parametrize("fallback", [False, True])
def test_it_paints_on_the_graphics_card(
    fallback: bool, card_browser, run_folder: Path, tmp_path: Path
) -> None:
    write_site(tmp_path / "site", choose(["one", "two"], [run_folder]))
    picture, asked, wrong = drawn(64, 48), [], []
    with serving(tmp_path / "site") as server, card_browser.new_context() as context:
        page = context.new_page()
        page.on("request", lambda it: asked.append(it.url))
        page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)
        if not fallback:  # the card that is played says that it is none, and would be left alone

            def as_a_card(route) -> None:
                found = route.fetch()
                text = found.text().replace("isFallbackAdapter", "isNoCard")
                route.fulfill(response=found, body=text)

            context.route("**/worker-*.js", as_a_card)
        page.goto(server.address)
        if not page.evaluate(
            "'gpu' in navigator && navigator.gpu.requestAdapter().then(it => !!it)"
        ):
            pytest.skip("this browser plays no graphics card")
        says(page, "Choose a picture")
        open_picture(page, as_file(picture))
        _, painted = saved(page)
    stylizer = Stylizer(run_folder / f"one{ENDING}", device="cpu")
    assert apart(painted, stylizer(picture)) < 2
    runtimes = {url.rpartition("threaded")[2] for url in asked if url.endswith(".wasm")}
    assert runtimes == ({".wasm"} if fallback else {".jspi.wasm"})
    assert wrong == []
