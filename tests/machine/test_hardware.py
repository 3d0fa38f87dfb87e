import platform
import subprocess
from pathlib import Path

import pytest
import torch
from small.forks import run_code

from fastnst.machine.errors import UserError
from fastnst.machine.hardware import (
    allow_tf32,
    computes_bf16,
    computes_int8,
    free_memory,
    memory_errors,
)

CPU = torch.device("cpu")
FAULTS = """
import resource, torch
from fastnst.machine import keep_freed_memory
if how == "keep":
    keep_freed_memory()
def work():
    for _ in range(20):
        torch.empty(2**24).fill_(1)
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_memory_is_kept_for_the_next_tensor(tmp_path):
    faults = {}
    for how in ("keep", "let go"):
        done = run_code(f"how = {how!r}{FAULTS}", tmp_path)
        faults[how] = int(done.stdout)
    assert faults["keep"] < faults["let go"] / 20


def test_tf32_is_a_choice():
    try:
        for allowed in (True, False):
            allow_tf32(allowed)
            assert torch.backends.cuda.matmul.allow_tf32 == allowed
            assert torch.backends.cudnn.allow_tf32 == allowed
    finally:
        torch.backends.cudnn.allow_tf32 = True  # PyTorch's default


@pytest.mark.slow
def test_numbers_of_less_bits_are_used_where_the_processor_computes_them():
    flags = subprocess.run(["lscpu"], capture_output=True, text=True).stdout
    if not flags:
        pytest.skip("lscpu says nothing here")
    assert computes_bf16(CPU) == ("avx512_bf16" in flags or "amx_tile" in flags)
    assert computes_int8(CPU) == ("avx512_vnni" in flags or "avx_vnni" in flags)
    assert not computes_bf16(torch.device("mps"))
    assert not computes_int8(torch.device("mps"))


def test_full_memory_is_a_sentence():
    with (
        pytest.raises(UserError, match="The memory is full: make it smaller"),
        memory_errors("make it smaller"),
    ):
        torch.empty(2**50)


def test_full_memory_of_an_apple_gpu_is_a_sentence():
    with pytest.raises(UserError, match="The memory is full"), memory_errors("make it smaller"):
        raise RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GiB)")


def test_other_errors_are_left_as_they_are():
    with pytest.raises(RuntimeError, match="shapes"), memory_errors("make it smaller"):
        torch.rand(2, 3) @ torch.rand(2, 3)


@pytest.mark.parametrize(
    ("meminfo", "limit", "free"),
    [
        ("MemTotal: 90 kB\nMemAvailable:   50 kB\n", "max\n", 50 * 1024),
        ("MemTotal: 90 kB\nMemAvailable:   50 kB\n", "2000\n", 2000 - 1500 + 100),
        ("MemTotal: 90 kB\nMemAvailable:   50 kB\n", "900\n", 0),
        ("MemTotal: 90 kB\n", None, None),
        (None, None, None),
    ],
)
def test_how_much_memory_is_free(monkeypatch, meminfo, limit, free):
    group = "/sys/fs/cgroup/memory"
    files = {"/proc/meminfo": meminfo, f"{group}.max": limit, f"{group}.current": "1500\n"}
    files[f"{group}.stat"] = "anon 1400\nfile 100\nactive_file 60\ninactive_file 40\n"

    def read_text(path):
        if (text := files[str(path)]) is None:
            raise FileNotFoundError(path)
        return text

    monkeypatch.setattr(Path, "read_text", read_text)
    assert free_memory() == free
