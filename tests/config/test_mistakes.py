"""What a user can get wrong about the files that a training needs ends in one sentence."""

from pathlib import Path

import pytest
from PIL import Image
from small.runs import fails, run_forked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["style=custom", "style.image=nowhere.jpg"], ["nowhere.jpg", "style.image"]),
        (["style=custom", "style.image=text.jpg"], ["text.jpg", "not an image"]),
        (["style=custom", "style.image=tiny.png"], ["tiny.png", "8x8", "16x16"]),
        (["data=coco", "data.root=photographs"], ["annotations", "photographs"]),
        (["data=coco", "data.root=photographs", "data.annotations=no.json"], ["no.json"]),
        (["data=folder", "data.root=empty"], ["no images", "empty"]),
        (["data=folder", "data.root=nowhere"], ["nowhere", "data.root"]),
        (["resume=text.jpg"], ["text.jpg", "checkpoint"]),
        (["resume=nowhere.ckpt"], ["nowhere.ckpt"]),
        (["data=dead_leaves", "data.cache=disk", "data.prepared=text.jpg/in"], ["text.jpg"]),
    ],
)
def test_mistakes_end_in_one_sentence(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "photographs").mkdir()
    (tmp_path / "text.jpg").write_text("this is no image")
    Image.new("RGB", (8, 8)).save(tmp_path / "tiny.png")
    if not any(argument.startswith("data=") for argument in arguments):
        arguments = ["data=dead_leaves", *arguments]
    sentence = fails(capsys, monkeypatch, *arguments)
    for word in words:
        assert word in sentence


def test_annotations_that_are_not_there_leave_nothing(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = ["data=coco", f"data.root={tmp_path}", "data.annotations=no.json"]
    sentence = fails(capsys, monkeypatch, *data)
    assert "data.annotations=no.json: there is no such file" in sentence
    assert not [*tmp_path.iterdir()]


def test_no_weights_and_no_network_names_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    sentence = fails(capsys, monkeypatch, "data=dead_leaves", "loss_network=vgg16")
    for word in ("vgg16", str(tmp_path / "torch"), "loss_network=compact"):
        assert word in sentence


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    run_folder = f"hydra.run.dir={tmp_path / 'file' / 'run'}"
    assert "file" in fails(capsys, monkeypatch, "data=dead_leaves", run_folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of five steps."""
    cwd = tmp_path_factory.mktemp("cwd")
    done = run_forked("data=dead_leaves", "trainer.max_steps=5", "hydra.run.dir=run", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd / "run"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("checkpoint", "arguments", "words"),
    [
        ("checkpoints/last.ckpt", ["trainer.max_steps=5"], ["5 steps already", "max_steps"]),
        ("checkpoints/last.ckpt", ["network.width=8"], ["network", "'width': 4", "'width': 8"]),
        ("checkpoints/last.ckpt", ["optimizer=sgd"], ["optimizer", "adam", "sgd"]),
        ("model.safetensors", [], ["last.ckpt"]),
    ],
)
def test_a_run_that_cannot_be_resumed(
    checkpoint: str,
    arguments: list[str],
    words: list[str],
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    sentence = fails(
        capsys, monkeypatch, "data=dead_leaves", f"resume={finished / checkpoint}", *arguments
    )
    for word in words:
        assert word in sentence
