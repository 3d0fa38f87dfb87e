"""Files of `torch.save` that somebody made to do harm."""

import copy
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from small.pickles import Call, Storage, Trap, archive, old_file, tensor

from fastnst.learning.checkpoint_files import read_checkpoint
from fastnst.losses.weights import build_loss_network
from fastnst.machine.errors import UserError
from fastnst.machine.tensor_files import load_plain
from fastnst.models import read_model

WHOLE = tensor(Storage(4), (2, 2), (2, 1))
SIXTEEN = bytes(range(16))


def weights(path):
    return build_loss_network("vgg16", str(path))


def bare(content, **_):
    """A pickle and nothing else."""
    return pickle.dumps(content["more"], 2)


@pytest.mark.parametrize("write", [archive, old_file, bare])
@pytest.mark.parametrize(
    ("read", "name"),
    [
        (read_model, "last.ckpt"),
        (read_model, "mosaic.pth"),
        (read_model, "model.safetensors"),
        (weights, "vgg.pth"),
        (weights, "vgg.safetensors"),
        (read_checkpoint, "last.ckpt"),
    ],
)
def test_code_in_a_file_is_never_run(tmp_path, write, read, name):
    made, path = tmp_path / "made", tmp_path / name
    parts = {"conv1.conv2d.weight": WHOLE, "state_dict": OrderedDict(), "hyper_parameters": {}}
    path.write_bytes(write(parts | {"more": Trap(made)}, **{"0": SIXTEEN}))
    with pytest.raises(UserError) as caught:
        read(path)
    assert "weights_only" not in str(caught.value)  # PyTorch recommends to run the file's code
    assert not made.exists()


def test_the_trap_would_work(tmp_path):
    pickle.loads(bare({"more": Trap(tmp_path / "made")}))
    assert (tmp_path / "made").exists()


@pytest.fixture
def seen(monkeypatch):
    """What PyTorch is given to load."""
    files = []

    def load(path, **options):
        files.append(path)
        return real(path, **options)

    real = torch.load
    monkeypatch.setattr(torch, "load", load)
    return files


@pytest.mark.parametrize("write", [archive, old_file])
def test_what_is_sound_is_loaded(tmp_path, seen, write):
    path = tmp_path / "a.pth"
    path.write_bytes(write({"a": WHOLE, "b": [1, "two", None, 0.5]}, **{"0": SIXTEEN}))
    loaded = load_plain(path)
    assert loaded["a"].view(torch.uint8).flatten().tolist() == [*SIXTEEN]
    assert loaded["b"] == [1, "two", None, 0.5]
    assert seen == [path]


@pytest.mark.parametrize("write", [archive, old_file])
@pytest.mark.parametrize(
    "content",
    [
        tensor(Storage(10**11), (2, 2), (2, 1)),
        tensor(Storage(-4), (2, 2), (2, 1)),
        tensor(Storage(4, "other"), (2, 2), (2, 1)),
        tensor(Storage(4, kind=torch.DoubleStorage), (2, 2), (2, 1)),
        tensor(Storage(4), (10**6, 10**6), (0, 0)),
        tensor(Storage(4), (2, 2), (10**11, 1)),
        tensor(Storage(4), (2, 2), (2, 1), 10**11),
        tensor(Storage(4), (2, 2), (2, -1)),
        tensor(Storage(4), (2.0, 2), (2, 1)),
        tensor(Storage(4), (2, 2), (1,)),
        Call(bytearray, 10**11),
        Call(torch.nn.Parameter, state=(Storage(4), 0, (10**11,), (1,))),
        Call(torch._utils._rebuild_meta_tensor_no_storage, torch.float32, (9,), (1,), False),
    ],
    ids=["long", "negative", "missing", "doubles", "shown often", "wide", "far", "backwards",
         "fractions", "few strides", "bytes", "parameter",
         "function"],
)  # fmt: skip
def test_no_more_memory_is_asked_for_than_the_file_is_long(tmp_path, seen, write, content):
    path = tmp_path / "a.pth"
    sound = {"a": WHOLE, "b": content}
    path.write_bytes(write(sound, **{"0": SIXTEEN}))
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)
    assert not seen


@pytest.mark.parametrize("write", [archive, old_file])
def test_a_storage_is_not_longer_than_its_record(tmp_path, seen, write):
    path = tmp_path / "a.pth"
    long = tensor(Storage(10**11, "1"), (2, 2), (2, 1))
    path.write_bytes(write([WHOLE, long], **{"0": SIXTEEN, "1": SIXTEEN}))
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)
    assert not seen


@pytest.mark.parametrize("record", [bytes(10**6), np.random.default_rng(0).bytes(1000)])
def test_a_packed_archive_is_refused(tmp_path, seen, record):
    path = tmp_path / "a.pth"
    values = len(record) // 4
    content = tensor(Storage(values), (values,), (1,))
    path.write_bytes(archive(content, zipfile.ZIP_DEFLATED, **{"0": record}))
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)
    assert not seen


def test_an_archive_that_shows_a_record_often_is_refused(tmp_path, seen):
    path = tmp_path / "a.pth"
    content = [tensor(Storage(250, str(index)), (250,), (1,)) for index in range(100)]
    path.write_bytes(archive(content, **{"0": bytes(1000)}))
    with zipfile.ZipFile(path, "a") as made:
        for index in range(1, 100):
            again = copy.copy(made.getinfo("a/data/0"))
            again.filename = f"a/data/{index}"
            made.filelist.append(again)
        made.writestr("a/end", "")
    assert path.stat().st_size < 50_000
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)
    assert not seen


def test_an_archive_with_two_of_a_name_is_refused(tmp_path, seen):
    path = tmp_path / "a.pth"
    path.write_bytes(archive({}))
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("a/DATA.PKL", b"another, which PyTorch may find first")
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)
    assert not seen


@pytest.mark.parametrize("number", [2**31, 2**32 - 1])
def test_a_far_place_in_the_memo_takes_no_memory(tmp_path, number):
    """The unpickler in C makes a table up to there."""
    path = tmp_path / "a.pth"
    path.write_bytes(b"\x80\x02}r" + number.to_bytes(4, "little") + b".")
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)


WIDE = b")" + 100 * b"2\x86"  # a tuple of twice the tuple before
DEEP = b")" + 10**6 * b"\x85"  # a tuple of the tuple before


@pytest.mark.slow
@pytest.mark.parametrize("key", [WIDE, DEEP], ids=["wide", "deep"])
@pytest.mark.parametrize(
    ("before", "after"),
    [(b"}", b"Ns."), (b"}(", b"Nu."), (b"(", b"Nd."), (b"ccollections\nOrderedDict\n](",
     b"Nta\x85R."), (b"(", b"\x91.")],
    ids=["one", "several", "at once", "ordered", "set"],
)  # fmt: skip
def test_keys_whose_hash_takes_forever_are_refused(tmp_path, seen, key, before, after):
    path = tmp_path / "a.pth"
    path.write_bytes(b"\x80\x02" + before + key + after)
    with pytest.raises(ValueError, match="not a file of tensors"):
        load_plain(path)
    assert not seen


def test_parameters_of_old_files_are_loaded(tmp_path):
    path = tmp_path / "a.pth"
    for archived in (True, False):
        saved = {"a": torch.nn.Parameter(torch.arange(3.0))}
        torch.save(saved, path, _use_new_zipfile_serialization=archived)
        assert load_plain(path)["a"].tolist() == [0, 1, 2]
