"""The command that serves the page, or writes it into a folder."""

import os
import signal
import tempfile
import urllib.request
import webbrowser
from pathlib import Path

import pytest
from small.runs import ends_in_a_sentence

from fastnst.commands import page
from fastnst.page import site


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "index.html").write_text("the page")
    monkeypatch.setattr(site, "BUILT", folder)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return folder


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["fastnst page", *map(str, arguments)])
    page.main()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_page_is_served_until_a_signal_and_leaves_nothing(
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    signum: signal.Signals,
) -> None:
    seen: list[str | bytes] = []

    def visit(address: str) -> None:
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                seen.extend([address, response.read()])
        finally:
            os.kill(os.getpid(), signum)

    monkeypatch.setattr(webbrowser, "open", visit)
    call(monkeypatch, "--style", "irises")  # returns: the exit code is 0
    address, body = seen
    assert body == b"the page"
    assert capsys.readouterr().out == f"page: {address}\nCtrl-C ends it\n"
    assert [*(tmp_path / "temporary").iterdir()] == []


def test_the_browser_is_left_alone_if_asked_and_the_port_can_be_chosen(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(server: page.PageServer) -> None:
        raise KeyboardInterrupt

    def refuse(address: str) -> None:
        pytest.fail("no browser was wanted")

    monkeypatch.setattr(page.PageServer, "serve_forever", end)
    monkeypatch.setattr(webbrowser, "open", refuse)
    call(monkeypatch, "--no-browser")
    port = capsys.readouterr().out.split(":")[3].partition("/")[0]
    call(monkeypatch, "--no-browser", "--port", port)
    assert capsys.readouterr().out.startswith(f"page: http://127.0.0.1:{port}/\n")


def test_a_folder_is_written(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "page"
    call(monkeypatch, "--build", folder, "--style", "irises", "--style", "red_fuji")
    assert capsys.readouterr().out == f"{folder}: 2 styles, 4.0 MB\n"
    assert (folder / "index.html").read_text() == "the page"
    assert (folder / "styles" / "red_fuji.style.safetensors").is_file()


def test_mistakes_end_in_a_sentence(
    built: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, told in (
        (["--style", "none"], "none is no finished style"),
        (["--ckpt", model], "is a network without styles that share it"),
        (["--ckpt", "nowhere"], "nowhere: check the name"),
        (["--build", built], "is neither empty nor an earlier page"),
    ):
        said = ends_in_a_sentence(capsys, lambda words=arguments: call(monkeypatch, *words))
        assert told in said
    (built / "index.html").unlink()
    said = ends_in_a_sentence(capsys, lambda: call(monkeypatch))
    assert "came without the page" in said


@pytest.mark.parametrize(
    "arguments",
    [["--build", "a", "--port", "80"], ["--build", "a", "--no-browser"], ["--port", "70000"]],
)
def test_what_does_not_go_together_is_told_before_anything_is_done(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        page.parse(arguments)
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err
