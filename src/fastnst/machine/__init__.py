"""The ground: device, precision, memory, compiler, signals, files that are whole, errors.

In: what the operating system and PyTorch offer. Out: the same as the rest of the program uses it;
`UserError`, one sentence for what a user can mend, is raised everywhere.
"""

from fastnst.machine.claims import claim, claimed, is_claimed, lock
from fastnst.machine.compilation import Compiled, compiling_pays, is_compiler_error
from fastnst.machine.errors import UserError, one_sentence_errors
from fastnst.machine.files import (
    durable_file,
    from_home,
    locked,
    readable_size,
    remove_leftovers,
    remove_needless,
    whole_file,
    with_ending,
)
from fastnst.machine.hardware import (
    allow_tf32,
    choose_device,
    computes_bf16,
    computes_int8,
    free_memory,
    keep_freed_memory,
    measure_in_float32,
    memory_errors,
)
from fastnst.machine.libraries import load_library
from fastnst.machine.option_types import checked, number, numbers
from fastnst.machine.pipes import STDIN, from_pipes, is_pipe
from fastnst.machine.stop_signals import (
    Stopped,
    StopSignals,
    end_workers_at_exit,
    ignore_in_worker,
    like_ctrl_c,
)
from fastnst.machine.tensor_files import load_plain

__all__ = [
    "STDIN",
    "Compiled",
    "StopSignals",
    "Stopped",
    "UserError",
    "allow_tf32",
    "checked",
    "choose_device",
    "claim",
    "claimed",
    "compiling_pays",
    "computes_bf16",
    "computes_int8",
    "durable_file",
    "end_workers_at_exit",
    "free_memory",
    "from_home",
    "from_pipes",
    "ignore_in_worker",
    "is_claimed",
    "is_compiler_error",
    "is_pipe",
    "keep_freed_memory",
    "like_ctrl_c",
    "load_library",
    "load_plain",
    "lock",
    "locked",
    "measure_in_float32",
    "memory_errors",
    "number",
    "numbers",
    "one_sentence_errors",
    "readable_size",
    "remove_leftovers",
    "remove_needless",
    "whole_file",
    "with_ending",
]
