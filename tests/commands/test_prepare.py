"""The preparing command, and a training after it."""

import json
import sys

import pytest
from small.data import coco_data
from small.runs import run_forked

from fastnst.commands.prepare import main


@pytest.fixture
def coco(tmp_path, picture):
    images = [{"id": i, "file_name": picture(f"coco/{i}.png", seed=i).name} for i in range(9)]
    note = {"images": images, "annotations": [], "categories": []}
    (tmp_path / "coco" / "annotations.json").write_text(json.dumps(note))
    return tmp_path / "coco"


@pytest.fixture
def prepare(tmp_path, monkeypatch, capsys):
    def run(*arguments: str) -> tuple[str, str]:
        """What the command says on both streams, run in `tmp_path`."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["fastnst prepare", *arguments])
        main()
        said = capsys.readouterr()
        return said.out, said.err

    return run


@pytest.mark.slow
def test_coco_is_prepared_and_then_trained_on(coco, tmp_path, prepare):
    bad = coco_data(coco).train_set.files[2]
    bad.write_bytes(b"")
    data = ["data=coco", f"data.root={coco}", "data.image_size=32", "data.val_images=3"]
    data += ["data.max_bad=0.2"]
    output, errors = prepare(*data)
    (folder,) = (tmp_path / "data" / "prepared").iterdir()
    assert folder.name.startswith("coco_32_")
    reason, warning, pictures, where, taken = output.splitlines()
    assert reason.startswith("Preparing 6 pictures of 32x32, 0.0 MB, in data/prepared/coco_32_")
    assert warning == f"Bad training picture: {bad} is not an image that Pillow can read."
    assert pictures == "pictures: 5 of 32x32; 1 could not be read"
    assert where == f"folder:   data/prepared/{folder.name} (0.0 MB)"
    assert taken.startswith("time:     ")
    assert "pictures/s" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coco", "data"]  # no run folder

    trained = run_forked(*data, "trainer.max_steps=2", "hydra.run.dir=run", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert "Preparing" not in trained.stdout
    assert [*(tmp_path / "data" / "prepared").iterdir()] == [folder]


def test_dead_leaves_are_prepared_whatever_the_cache(tmp_path, prepare):
    data = ["data=dead_leaves", "data.images=7", "data.image_size=32", "data.cache=none"]
    output, _ = prepare(*data, "data.prepared=here")
    assert "pictures: 7 of 32x32; 0 could not be read" in output
    assert [path.name[:15] for path in (tmp_path / "here").iterdir()] == ["dead_leaves_32_"]


def test_styles_have_the_pictures_of_one(tmp_path, prepare):
    data = ["data=dead_leaves", "data.images=2", "data.image_size=32"]
    prepare(*data)
    (folder,) = (tmp_path / "data" / "prepared").iterdir()
    prepare(*data, "styles=[brush_strokes,great_wave]")
    assert [*(tmp_path / "data" / "prepared").iterdir()] == [folder]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["data.root=nowhere"], "nowhere: check data.root"),
        (["data=photos"], "data=photos: there is no such choice; there are coco"),
        (["data.cache=ram"], "data.cache=ram"),
        (["data=dead_leaves", "data.prepared=file/in"], "file"),
    ],
)
def test_mistakes_end_in_one_sentence(arguments, word, tmp_path, capsys, prepare):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as stopped:
        prepare(*arguments)
    assert stopped.value.code == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith("error: ")
    assert sentence.count("\n") == 1
    assert word in sentence
