"""The stylizing command and damaged picture files: each gives a picture or one sentence."""

import re
from pathlib import Path

import pytest
from PIL import Image
from small.forks import ROOT, ended, fork
from small.mutants import mutants, seed_pictures

PROGRESS = re.compile(r".*(%\||frame/s\]|\d+ painted, \d+ skipped$).*")


def paint(model: Path, files: dict[str, bytes], folder: Path, *options: str) -> tuple[set, set]:
    """Paint files as a user does and look for all that should not happen.

    Returns:
        Names of those painted and of those skipped.
    """
    given, painted = folder / "given", folder / "painted"
    given.mkdir()
    for name, content in files.items():
        (given / name).write_bytes(content)
    # a header may well announce the hundreds of megapixels that are allowed otherwise
    words = ("--ckpt", str(model), str(given), "-o", str(painted), "--max-megapixels", "1")
    program = ROOT / "stylize.py"
    done = ended(lambda *files: fork(folder, *files, *words, *options, script=program))
    assert done.returncode in (0, 1), done.stderr
    lines = (line.strip() for line in re.split(r"[\r\n]+|\x1b\[A", done.stderr))
    sentences = [line for line in lines if line and not PROGRESS.fullmatch(line)]
    for sentence in sentences:
        assert sentence.startswith("skipped: "), sentence
        assert sentence.endswith("."), sentence
    named = [name for name in files for one in sentences if f"/{name}" in one]
    skipped = set(named)
    assert len(named) == len(skipped) == len(sentences)
    assert done.returncode == bool(skipped)
    results = {path.name for path in painted.rglob("*")}
    assert results == files.keys() - skipped
    for name in results:
        with Image.open(painted / name) as picture:
            picture.load()
            assert min(picture.size) > 0
    assert {path.name: path.read_bytes() for path in given.iterdir()} == files
    return results, skipped


@pytest.mark.slow
def test_what_is_damaged_was_sound(model, tmp_path):
    seeds = seed_pictures()
    assert len(seeds) > 20
    assert paint(model, seeds, tmp_path) == (seeds.keys(), set())


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--keep-metadata",)])
def test_damaged_files_give_a_picture_or_one_sentence(model, tmp_path, options):
    files = dict(mutants(seed_pictures(), 600, seed=len(options)))
    painted, skipped = paint(model, files, tmp_path, *options)
    assert len(painted) > 60
    assert len(skipped) > 60


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 108))
def test_many_damaged_files_give_a_picture_or_one_sentence(model, tmp_path, seed):
    files = dict(mutants(seed_pictures(), 4000, seed))
    paint(model, files, tmp_path, *(["--keep-metadata"] if seed % 2 else []))
