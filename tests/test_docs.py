"""The documents: the site is built without a complaint, and what it shows works."""

import re
import subprocess
from itertools import product
from pathlib import Path

import options_table
import pytest
import yaml
from small.forks import run_code

ROOT = Path(__file__).parents[1]
EXAMPLES = [
    (path, number)
    for path in sorted((ROOT / "docs" / "extend").glob("*.md"))
    for number in range(path.read_text().count("```python\n"))
]
# they are not there, and what is of fastnst is imported anew
ALONE = """import sys
sys.modules.update(dict.fromkeys(("hydra", "omegaconf", "pytorch_lightning")))
[sys.modules.pop(name) for name in [*sys.modules] if name.startswith("fastnst")]
"""


# of Lightning, which warns of itself, and of machines with more cores
QUIET = (
    "`isinstance(treespec, LeafSpec)` is deprecated",
    "The 'train_dataloader' does not have many workers",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "number"), EXAMPLES, ids=[f"{path.stem}-{number}" for path, number in EXAMPLES]
)
def test_an_example_of_how_to_extend_works(path: Path, number: int, tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)[number]
    # in a process of its own: it adds to what the program knows
    done = run_code(example, tmp_path, *QUIET)
    assert done.returncode == 0, done.stderr
    assert done.stdout or [*tmp_path.iterdir()]


@pytest.mark.slow
def test_the_example_of_a_training_loop_trains_without_lightning_and_hydra(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "extend" / "library.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "range(10)" in example
    done = run_code(ALONE + example, tmp_path, *QUIET)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10


def test_each_room_has_its_page_in_the_reference() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "reference").glob("*.md")} - {"index"}
    rooms = {path.parent.name for path in (ROOT / "src" / "fastnst").glob("*/__init__.py")}
    assert pages == rooms - {"commands"}
    index = (ROOT / "docs" / "reference" / "index.md").read_text()
    assert {*re.findall(r"^\| \[(\w+)\]", index, re.MULTILINE)} == pages


def test_every_option_is_on_the_page_of_options() -> None:
    page = options_table.page()
    for path in (ROOT / "configs").rglob("*.yaml"):
        prefix = "" if path.parent.name in ("configs", "experiment") else f"{path.parent.name}."
        for key in yaml.safe_load(path.read_text()):
            if key in ("defaults", "hydra", "name") or path.parent.name in ("experiment", "style"):
                continue
            assert f"`{prefix}{key}" in page, f"{path}: {key}"


def test_a_new_option_comes_onto_the_page_with_its_comment(tmp_path: Path) -> None:
    for path in (ROOT / "configs").rglob("*.yaml"):
        copy = tmp_path / path.relative_to(ROOT / "configs")
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text())
    with (tmp_path / "train.yaml").open("a") as file:
        file.write("\n# number: of drops of red\nred: 0.5\n")
    assert "| `red` | `0.5` | number: of drops of red |" in options_table.page(tmp_path)


def test_every_page_is_in_the_navigation_and_every_picture_is_there() -> None:
    docs = ROOT / "docs"
    text = (ROOT / "mkdocs.yml").read_text()
    named = {*re.findall(r"^ +- .*?(\S+\.md)$", text, re.MULTILINE)}
    pages = {str(path.relative_to(docs)) for path in docs.rglob("*.md")}
    assert named == pages | {"train/options.md"}  # made by `make docs`
    for page in pages:
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (docs / page).read_text()):
            assert (docs / page).parent.joinpath(picture).is_file(), f"{page}: {picture}"


def names(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_the_table_of_the_rooms_names_every_module() -> None:
    text = (ROOT / "docs" / "design.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| \d+ \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    said = {room: {*names(modules)} for room, modules in rows}
    source = ROOT / "src" / "fastnst"
    there = {
        door.parent.name: {path.stem for path in door.parent.glob("[!_]*.py")}
        for door in source.glob("*/__init__.py")
    }
    assert said == there


def test_the_drawing_of_the_rooms_is_what_is_built() -> None:
    """Every import runs along arrows of the diagram, and every arrow is an import."""
    text = (ROOT / "docs" / "design.md").read_text()
    arrows = [line.split(" --> ") for line in text.splitlines() if " --> " in line]
    drawn = {
        pair for origins, targets in arrows for pair in product(names(origins), names(targets))
    }
    built = {
        (path.parent.name, target)
        for path in (ROOT / "src" / "fastnst").glob("*/*.py")
        for target in re.findall(r"^\s*from fastnst\.(\w+) import", path.read_text(), re.MULTILINE)
    }
    built = {(room, target) for room, target in built if target not in (room, "streams", "version")}
    assert drawn <= built

    def below(room: str) -> set[str]:
        direct = {target for origin, target in drawn if origin == room}
        return direct.union(*map(below, direct))

    for room, target in built:
        assert target in below(room), f"{room} imports from {target}"


@pytest.mark.slow
def test_the_site_is_built_without_a_complaint() -> None:
    done = subprocess.run(["make", "docs"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    site = ROOT / "build" / "site"
    assert "gram_matrix" in (site / "reference" / "losses.html").read_text()
    assert "data.batch_size" in (site / "train" / "options.html").read_text()
