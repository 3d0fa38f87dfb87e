"""What the machine can do, and the most of it: device, precision, memory."""

import ctypes
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from fastnst.machine.errors import UserError

CGROUP, FILES = Path("/sys/fs/cgroup"), ("active_file ", "inactive_file ")
KEPT = 2**29  # bytes: a block larger than this, of a huge picture, is handed back all the same


def choose_device(name: str | torch.device) -> torch.device:
    """`auto` takes CUDA, then Apple's MPS, then the CPU; `cuda:1` is the second GPU.

    Raises:
        UserError: if the device asked for is not there.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind, present in there.items() if present)
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = torch.device("meta")  # which nothing can be computed on
    if device.type not in there:
        raise UserError(f"{name} is no device: use auto, cpu, cuda, cuda:1 or mps.")
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if not there[device.type] or (device.index or 0) >= count:
        raise UserError(f"There is no {name} device here: use the device auto or cpu.")
    return device


def computes_bf16(device: torch.device) -> bool:
    """Whether the hardware itself multiplies bfloat16, which doubles its speed at least."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        # torch.cpu.get_capabilities, their public form, came after PyTorch 2.8
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # pyright: ignore[reportPrivateUsage]  # see above
    return False


def computes_int8(device: torch.device) -> bool:
    """Whether the processor itself adds up products of 8 bits, which doubles its speed again."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if not torch._C._dispatch_has_kernel_for_dispatch_key("onednn::qconv_prepack", "CPU"):  # pyright: ignore[reportPrivateUsage]  # there is no public form
        return False
    known = getattr(torch.cpu, "get_capabilities", dict)()  # after PyTorch 2.8
    return torch.cpu._is_vnni_supported() or known.get("avx_vnni", False)  # pyright: ignore[reportPrivateUsage]  # as above


def allow_tf32(allowed: bool) -> None:
    """Let float32 products and convolutions on NVIDIA GPUs use TF32: 10 bits of mantissa."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def keep_freed_memory() -> None:
    """Have the C library keep memory that is freed, for the next tensor of this process.

    By default every large tensor on the CPU is fresh memory from the system, page by page, in each
    step anew: a quarter of a training step's time. Does nothing where the library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_threshold, mmap_max = -1, -3, -4  # M_... of malloc.h
        if not mallopt(mmap_threshold, KEPT):  # older libraries allow at most 32 MB
            mallopt(mmap_max, 0)
        mallopt(trim_threshold, -1)  # never hand back


def free_memory() -> int | None:
    """Bytes of memory that this process can still get, as far as the system says; None elsewhere.

    Linux gives more than there is, and ends the process when that is used.
    """
    found: list[int] = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    with suppress(OSError, ValueError):  # of a container; `max` where it has no limit
        limit, used = (int((CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        lines = (CGROUP / "memory.stat").read_text().splitlines()
        # files that are kept in memory until it is wanted
        cached = [line.split()[1] for line in lines if line.startswith(FILES)]
        found.append(max(0, limit - used + sum(map(int, cached))))
    return min(found, default=None)


def measure_in_float32(device: torch.device) -> None:
    """Set up a process whose results are compared: no TF32, and memory kept for the next step."""
    allow_tf32(False)
    if device.type == "cpu":
        keep_freed_memory()


# what PyTorch says of full memory in a plain `RuntimeError`: of the machine's, and of Apple's GPUs
WITHOUT_A_TYPE = ("DefaultCPUAllocator", "MPS backend out of memory")


@contextmanager
def memory_errors(advice: str) -> Generator[None]:
    """Turn memory that is full, the accelerator's or the machine's, into a `UserError`.

    Args:
        advice: what to make smaller.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not memory_is_full(error):
            raise
        raise UserError(f"The memory is full: {advice}.") from error


def memory_is_full(error: Exception) -> bool:
    """Whether this was raised because the memory of the machine or the accelerator is full."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in WITHOUT_A_TYPE)
