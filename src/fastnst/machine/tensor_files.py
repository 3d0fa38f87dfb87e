"""Files of `torch.save` from anywhere: tensors and plain values come out of them, no code is run,
and no more memory is taken than the file is long."""

import math
import mmap
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch

STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
# the one in C allocates what a file asks it to
_Unpickler: Any = pickle._Unpickler  # pyright: ignore[reportPrivateUsage]  # see above
REBUILDING = ("_rebuild_tensor", "_rebuild_tensor_v2")


def load_plain(path: Path) -> Any:
    """Read a file of `torch.save` that holds tensors and plain types only, onto the CPU.

    Raises:
        ValueError: if it is anything else, or wants more memory than it has bytes; no code in it
            is run.
    """
    try:
        _inspect(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpicklers raise whatever foreign bytes lead them to
        raise ValueError("it is not a file of tensors and plain values") from error


def _inspect(path: Path) -> None:
    """Raise an exception if PyTorch should not be given this file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:4] == b"PK\x03\x04":  # by which PyTorch tells them apart
            _inspect_archive(path)
            return
        for _ in range(3):  # magic number, version, system
            _Inspector(content, {}).load()
        storages: dict[object, int] = {}
        _Inspector(content, storages).load()
        keys = _Inspector(content, {}).load()
        _check_keys(keys)
        if set(keys) != storages.keys() or sum(storages.values()) > len(content) - content.tell():
            raise ValueError("other storages than it announces")


def _inspect_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        folder = entries[0].filename.split("/")[0] + "/"
        # PyTorch finds them whatever the case of their letters
        sizes = {entry.filename.lower(): entry.file_size for entry in entries}
        packed = any(
            entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size
            for entry in entries
        )
        if packed or len(sizes) < len(entries) or sum(sizes.values()) > path.stat().st_size:
            raise ValueError("a packed archive")
        place = f"{folder}data/".lower()
        records = {
            name.removeprefix(place): size for name, size in sizes.items() if name.startswith(place)
        }
        _Inspector(BytesIO(archive.read(f"{folder}data.pkl")), records, fixed=True).load()


class _Storage(NamedTuple):
    values: int


class _Tensor:
    """In place of a tensor, or of a parameter, which files of 2017 hold."""

    __slots__ = ()

    def __new__(cls, *_: object) -> "_Tensor":
        return super().__new__(cls)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if len(state) == 4:  # a storage and a shape, with which PyTorch would allocate
            raise pickle.UnpicklingError("a tensor of an unknown kind")


class _Dict(OrderedDict[Any, Any]):
    """In place of an `OrderedDict`."""

    def __init__(self, items: Iterable[tuple[Any, Any]] = ()) -> None:
        items = list(items)
        _check_keys(key for key, _ in items)
        super().__init__(items)


class _Rebuild:
    """In place of the functions that make tensors."""

    __slots__ = ()

    def __call__(
        self,
        storage: _Storage,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        *_: object,
    ) -> _Tensor:
        _check_counts(offset, *size, *stride)
        steps = zip(size, stride, strict=True)
        end = offset + sum((length - 1) * step for length, step in steps) + 1
        # PyTorch makes a storage longer where it is too short; and a view that shows a value many
        # times is small until something is computed with it
        if math.prod(size) > storage.values or (0 not in size and end > storage.values):
            raise pickle.UnpicklingError("a tensor that is larger than its storage")
        return _Tensor()


class _Inspector(_Unpickler):
    """Goes through a pickle with stand-ins in place of all that it may call.

    Args:
        file: to read from.
        storages: bytes by key, of those there are; or, if not `fixed`, filled with those asked for.
        fixed: whether there can be no others.
    """

    def __init__(self, file: Any, storages: dict[Any, int], fixed: bool = False) -> None:
        super().__init__(file, encoding="utf-8")
        self.storages, self.fixed = storages, fixed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return _Dict
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if module == "torch._utils" and name in REBUILDING:
            return _Rebuild()
        if (module, name) in (
            ("torch._utils", "_rebuild_parameter"),
            ("torch.nn.parameter", "Parameter"),
        ):
            return _Tensor
        raise pickle.UnpicklingError(f"{module}.{name} may not be called")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, values, *view = pid
        _check_keys([key])
        _check_counts(values)
        if kind != "storage" or any(view):
            raise pickle.UnpicklingError("a storage of an unknown kind")
        size = values * dtype.itemsize
        known = self.storages.get(key) if self.fixed else self.storages.setdefault(key, size)
        if size != known:
            raise pickle.UnpicklingError("a storage of another size than announced")
        return _Storage(values)

    def load_setitem(self) -> None:
        _check_keys(self.stack[-2:-1])
        super().load_setitem()

    def load_setitems(self) -> None:
        _check_keys(self.stack[::2])  # all since the last mark: keys and values in turn
        super().load_setitems()

    dispatch: ClassVar[dict[int, Any]] = _Unpickler.dispatch | {
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
    }
    for _code in (pickle.DICT, pickle.ADDITEMS, pickle.FROZENSET):  # PyTorch writes none
        del dispatch[_code[0]]


def _check_keys(keys: Iterable[object]) -> None:
    # the hash of tuples in tuples can take forever, or crash Python
    if not all(isinstance(key, str | int | float | None) for key in keys):
        raise pickle.UnpicklingError("a dictionary whose keys are not plain")


def _check_counts(*counts: object) -> None:
    if any(type(count) is not int or count < 0 for count in counts):
        raise pickle.UnpicklingError("sizes that are no numbers")
