"""Photographs in parts."""

import os
from pathlib import Path

import pytest

from fastnst.evaluation.folds import link_training_sets, split
from fastnst.machine.errors import UserError

FILES = [Path(f"{number}.jpg") for number in range(11)]


def test_folds_are_a_partition_of_the_chosen_ones():
    folds = split(FILES, 8, 3, seed=0)
    assert sorted(map(len, folds)) == [2, 3, 3]
    together = [file for fold in folds for file in fold]
    assert len({*together}) == 8
    assert {*together} <= {*FILES}


def test_the_seed_decides_about_them():
    assert split(FILES, 8, 3, seed=0) == split(FILES, 8, 3, seed=0)
    assert split(FILES, 8, 3, seed=0) != split(FILES, 8, 3, seed=1)


def test_all_are_taken_where_there_are_fewer_than_wanted():
    assert sum(map(len, split(FILES, 100, 2, seed=0))) == 11


def test_too_few_are_refused():
    with pytest.raises(UserError, match="11 photographs for folds=6"):
        split(FILES, 100, 6, seed=0)


def names(folder: Path) -> set[str]:
    return {path.resolve().name for path in folder.iterdir()}


def test_each_folder_has_the_photographs_of_the_other_folds(picture, tmp_path):
    files = [picture(f"photos/{number}.jpg") for number in range(5)]
    folds = [files[:2], files[2:4], files[4:]]
    for _ in range(2):  # again, nothing is made twice
        first, second, third = link_training_sets(folds, tmp_path / "run")
        assert names(first) == {"2.jpg", "3.jpg", "4.jpg"}
        assert names(second) == {"0.jpg", "1.jpg", "4.jpg"}
        assert names(third) == {"0.jpg", "1.jpg", "2.jpg", "3.jpg"}


def test_files_of_one_name_do_not_replace_each_other(picture, tmp_path):
    files = [picture(f"photos/{folder}/same.jpg", seed=folder) for folder in range(4)]
    (first, _) = link_training_sets([files[:2], files[2:]], tmp_path / "run")
    assert {path.read_bytes() for path in first.iterdir()} == {
        path.read_bytes() for path in files[2:]
    }


def test_where_there_are_no_links_they_are_copies(picture, tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError("no privilege")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    files = [picture(f"photos/{number}.jpg") for number in range(4)]
    os.utime(files[0], ns=(0, 12345))
    _, second = link_training_sets([files[2:], files[:2]], tmp_path / "run")
    copies = sorted(second.iterdir())
    assert not any(copy.is_symlink() for copy in copies)
    assert [copy.read_bytes() for copy in copies] == [file.read_bytes() for file in files[2:]]
    first, _ = link_training_sets([files[2:], files[:2]], tmp_path / "run")
    assert min(copy.stat().st_mtime_ns for copy in first.iterdir()) == 12345
