"""The training command on photographs of which some are bad, run as a user runs it."""

import os
from pathlib import Path

import pytest
from PIL import Image
from small.bad_files import BAD, ODD
from small.data import folder_data
from small.runs import run_forked

from fastnst.drawing.dead_leaves import draw_dead_leaves

pytestmark = pytest.mark.slow

GOOD = 12


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Every bad and every odd file among good ones; the first held-out photograph is bad too."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(GOOD):
        Image.fromarray(draw_dead_leaves(48, 1, index)).save(folder / f"{index}.jpg")
    for name, content in {**BAD, **ODD}.items():
        (folder / name).write_bytes(content)
    folder_data(folder).val_set.files[0].write_bytes(b"")
    return ["data=folder", f"data.root={folder}", "hydra.run.dir=run"]


@pytest.mark.parametrize(
    ("cache", "workers", "devices"),
    [("none", 2, 1), ("disk", 0, 1), ("device", 0, 1), ("none", 0, 2)],
)
def test_training_goes_on(
    cache: str, workers: int, devices: int, data: list[str], tmp_path: Path
) -> None:
    train_set = folder_data(tmp_path / "photos").train_set
    done = run_forked(
        *data,
        *(f"data.cache={cache}", f"data.workers={workers}", "data.max_bad=0.4"),
        *(f"trainer.devices={devices}", "trainer.max_steps=12"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    bad = {name for name in BAD if tmp_path / "photos" / name in train_set.files}
    assert len(bad) >= 2
    lines = done.stdout.splitlines()
    for name in bad:
        named = [line for line in lines if "Bad training picture: " in line and name in line]
        assert len(named) == 1 or (devices == 2 and len(named) >= 1)
    assert sum("Bad held-out picture: " in line for line in lines) == devices
    sums = [line for line in lines if "training pictures could not be read" in line]
    assert len(sums) == 1
    if devices == 1:
        assert f"{len(bad)} of {len(train_set)} training pictures could not be" in sums[0]
    assert (tmp_path / "run" / "model.safetensors").is_file()


@pytest.mark.parametrize(("cache", "workers"), [("none", 2), ("disk", 0)])
def test_too_many_end_it_in_one_sentence(
    cache: str, workers: int, data: list[str], tmp_path: Path
) -> None:
    for index in range(0, GOOD, 2):
        (tmp_path / "photos" / f"{index}.jpg").write_bytes(b"")
    done = run_forked(
        *data,
        *(f"data.cache={cache}", f"data.workers={workers}", "data.max_bad=0.1"),
        "trainer.max_steps=50",
        cwd=tmp_path,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "training pictures cannot be read, more than data.max_bad=0.1 allows" in sentence


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_no_text_are_told_without_a_traceback(
    data: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "photos" / os.fsdecode(b"\xff.jpg")
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes names that are text only")
    options = ["data.max_bad=0.5", "data.val_images=2", "trainer.max_steps=1"]
    done = run_forked(*data, *options, "data.cache=disk", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert r"\udcff.jpg is not an image" in done.stdout
