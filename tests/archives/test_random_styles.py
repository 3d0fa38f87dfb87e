"""A style for each file by chance: the same on any machine, and each as often as any other."""

from collections import Counter
from pathlib import Path

from fastnst.archives.random_styles import random_styles

NAMES = ["dots", "lines", "waves"]


def test_it_depends_on_seed_name_and_folder_alone():
    draw = random_styles(NAMES, 3)
    files = [Path(f"/a/{label}/{number}.jpg") for label in ("cat", "dog") for number in range(30)]
    drawn = [draw(file) for file in files]
    assert drawn == [draw(Path("/elsewhere") / file.relative_to("/a")) for file in files]
    assert drawn != [random_styles(NAMES, 4)(file) for file in files]
    assert drawn[:30] != drawn[30:]


def test_each_style_is_as_likely():
    counts = Counter(map(random_styles(NAMES, 0), map(Path, map(str, range(3000)))))
    assert counts.keys() == {*NAMES}
    assert min(counts.values()) > 900


def test_names_may_be_bytes_that_are_no_text():
    assert random_styles(NAMES, 0)(Path("\udcff.jpg")) in NAMES
