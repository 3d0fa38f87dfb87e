from collections import Counter

import pytest

from fastnst.data.sampler import EndlessShuffle


def pairs(length=10, batch_size=5, first=0, last=6, seed=1, hflip=True, rank=0, processes=1):
    shuffle = EndlessShuffle(length, batch_size, first, last, seed, hflip, rank, processes)
    return [*shuffle]


def indices(**how):
    return [index for batch in pairs(**how) for index, *_ in batch]


@pytest.mark.parametrize(("length", "batch_size"), [(10, 5), (10, 4), (7, 3), (3, 8), (1, 4)])
def test_each_epoch_has_each_picture_once(length, batch_size):
    batches = pairs(length=length, batch_size=batch_size, last=12)
    assert [len(batch) for batch in batches] == [batch_size] * 12
    given = [index for batch in batches for index, *_ in batch]
    for start in range(0, len(given) - length + 1, length):
        assert sorted(given[start : start + length]) == list(range(length))


def test_each_epoch_has_its_own_order():
    given = indices(length=50, batch_size=50, last=3)
    assert given[:50] != given[50:100] != given[100:]
    assert given[:50] != list(range(50))


def test_the_seed_decides():
    assert pairs(seed=3) == pairs(seed=3)
    assert pairs(seed=3) != pairs(seed=4)


@pytest.mark.parametrize("first", [1, 2, 5, 17, 30])
@pytest.mark.parametrize(("rank", "processes"), [(0, 1), (1, 3)])
def test_a_later_start_gives_the_tail(first, rank, processes):
    how = {"length": 7, "batch_size": 3, "last": 30, "rank": rank, "processes": processes}
    assert pairs(first=first, **how) == pairs(**how)[first:]


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_an_epoch(processes):
    length = 4 * 5 * processes
    shares = [
        indices(length=length, batch_size=5, last=4, rank=rank, processes=processes)
        for rank in range(processes)
    ]
    assert [len(set(share)) for share in shares] == [20] * processes
    assert sorted(sum(shares, [])) == list(range(length))  # noqa: RUF017


def test_processes_together_give_the_order_of_one():
    alone = pairs(length=20, batch_size=3, last=8)
    shares = [pairs(length=20, batch_size=3, last=4, rank=rank, processes=2) for rank in (0, 1)]
    assert [batch for both in zip(*shares, strict=True) for batch in both] == alone


def test_a_small_data_set_is_repeated_in_a_batch():
    (batch,) = pairs(length=3, batch_size=7, last=1)
    assert Counter(index for index, *_ in batch).most_common(1)[0][1] == 3
    assert {index for index, *_ in batch} == {0, 1, 2}


def test_half_of_the_pictures_are_mirrored():
    mirrored = [mirrored for batch in pairs(length=400, batch_size=100, last=40)
                for _, mirrored, *_ in batch]  # fmt: skip
    assert {type(value) for value in mirrored} == {bool}
    assert 0.46 < sum(mirrored) / len(mirrored) < 0.54


def test_a_picture_is_mirrored_in_some_epochs_only():
    seen = {
        mirrored for batch in pairs(length=1, batch_size=1, last=30) for _, mirrored, *_ in batch
    }
    assert seen == {True, False}


def test_nothing_is_mirrored_without_hflip():
    batches = pairs(hflip=False)
    assert not any(mirrored for batch in batches for _, mirrored, *_ in batch)
    assert [[index for index, *_ in batch] for batch in batches] == [
        [index for index, *_ in batch] for batch in pairs(hflip=True)
    ]


def test_the_length_counts_from_the_start_of_the_run():
    assert len(EndlessShuffle(10, 5, 0, 6, 0, True)) == 6
    assert len(EndlessShuffle(10, 5, 4, 6, 0, True)) == 6


def test_batches_of_another_size_go_on_with_the_pictures_that_come_next():
    whole = [pair for batch in pairs(batch_size=1, last=30) for pair in batch]
    first = [pair for batch in pairs(batch_size=2, last=4) for pair in batch]
    shuffle = EndlessShuffle(10, 3, 4, 8, 1, True, start=8)
    assert first + [pair for batch in shuffle for pair in batch] == whole[: 8 + 4 * 3]


def styles_of(batches):
    return [style for batch in batches for _, _, style, _ in batch]


def test_of_as_many_pictures_in_a_row_as_there_are_styles_each_has_another_one():
    given = styles_of(EndlessShuffle(100, 4, 0, 30, 1, True, styles=6))
    turns = [given[start : start + 6] for start in range(0, 120, 6)]
    assert all(sorted(turn) == list(range(6)) for turn in turns)
    assert len({tuple(turn) for turn in turns}) > 15
    assert given != styles_of(EndlessShuffle(100, 4, 0, 30, 2, True, styles=6))


def test_styles_change_nothing_of_the_pictures():
    one, many = ([*EndlessShuffle(10, 5, 0, 6, 1, True, styles=count)] for count in (1, 7))
    assert [[pair[:2] for pair in batch] for batch in one] == [
        [pair[:2] for pair in batch] for batch in many
    ]
    assert {*styles_of(one)} == {0}


def test_processes_and_a_later_start_give_the_styles_of_one_run():
    alone = [*EndlessShuffle(20, 3, 0, 8, 1, True, styles=5)]
    shares = [EndlessShuffle(20, 3, 0, 4, 1, True, rank, 2, styles=5) for rank in (0, 1)]
    assert [batch for both in zip(*shares, strict=True) for batch in both] == alone
    assert [*EndlessShuffle(20, 3, 5, 8, 1, True, styles=5)] == alone[5:]
