"""Files as `torch.save` writes them, with whatever is wanted in them."""

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple:
        return os.system, (f'echo > "{self.made}"',)


class Call:
    """Calls a function when it is unpickled, and gives the result a state."""

    def __init__(self, function: Any, *arguments: object, state: object = None) -> None:
        self.how = function, arguments, state

    def __reduce__(self) -> tuple:
        return self.how


class Storage(tuple):
    """A storage of floats in the file."""

    __slots__ = ()

    def __new__(cls, values: int, key: str = "0", kind: Any = torch.FloatStorage) -> "Storage":
        return super().__new__(cls, ("storage", kind, key, "cpu", values))


def tensor(storage: Storage, size: tuple, stride: tuple, offset: int = 0) -> Call:
    rebuild = torch._utils._rebuild_tensor_v2
    return Call(rebuild, storage, offset, size, stride, False, OrderedDict())


class _Pickler(pickle._Pickler):
    old = False

    def persistent_id(self, thing: object) -> tuple | None:
        if not isinstance(thing, Storage):
            return None
        return (*thing, None) if self.old else tuple(thing)


class _OldPickler(_Pickler):
    old = True


def _dumped(content: object, pickler: type[_Pickler]) -> bytes:
    file = io.BytesIO()
    pickler(file, 2).dump(content)
    return file.getvalue()


def archive(content: object, compression: int = zipfile.ZIP_STORED, **records: bytes) -> bytes:
    """As PyTorch writes them since 1.6; records are what is in storages, by key."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        made.writestr("a/data.pkl", _dumped(content, _Pickler))
        made.writestr("a/version", "3\n")
        for key, record in records.items():
            made.writestr(f"a/data/{key}", record)
    return file.getvalue()


def old_file(content: object, **records: bytes) -> bytes:
    """As PyTorch wrote them before; the same."""
    system = {"protocol_version": PROTOCOL_VERSION, "little_endian": True, "type_sizes": {}}
    parts = (MAGIC_NUMBER, PROTOCOL_VERSION, system)
    file = b"".join(pickle.dumps(part, 2) for part in parts)
    file += _dumped(content, _OldPickler) + pickle.dumps([*records], 2)
    sizes = ((len(record) // 4).to_bytes(8, "little") + record for record in records.values())
    return file + b"".join(sizes)
