"""How fast fastnst is on this machine, against the common recipe written plainly.

    python scripts/benchmark.py             # CPU: under five minutes
    python scripts/benchmark.py --float32   # also with bfloat16 forbidden
    python scripts/benchmark.py --device cuda --steps 5000

Everything is measured in one run, each part in a process of its own: (a) `plain_recipe.py`, what
published scripts do, (b) `train.py` itself and the stylizer of `stylize.py`, (c) `train.py` with
the compact loss network. Photographs are made from the bundled ones, VGG's weights are random:
neither changes the work. Medians throughout.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import benchmark_parts
import torch
from benchmark_parts import BATCH, ROOT, SIZES
from PIL import ImageOps
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.data import folder_files
from fastnst.images import read_image
from fastnst.machine import choose_device, computes_bf16


def run_part(name: str, **arguments: object) -> dict:
    """Call a part in a new process."""
    command = [sys.executable, benchmark_parts.__file__, name, json.dumps(arguments)]
    print(f"{name} {' '.join(map(str, arguments.values()))} ...", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run_training(device: str, work: Path, steps: int, precision: str, network: str) -> dict:
    """Let `train.py` train, and read from TensorBoard what it says of its speed."""
    every = max(1, steps // 5)
    folder = work / f"run_{precision}_{network}"
    weights = "random" if network == "vgg16" else "pretrained"
    command = [
        *(sys.executable, str(ROOT / "train.py"), "style=brush_strokes", "data=folder"),
        *(f"data.root={work / 'photographs'}", f"data.prepared={work / 'prepared'}"),
        *(f"loss_network={network}", f"loss_network.weights={weights}", "compile=true"),
        f"trainer.max_steps={steps + every}",
        *(f"trainer.precision={precision}", f"trainer.accelerator={device}"),
        *(f"data.cache={'device' if device == 'cuda' else 'disk'}", f"log_every={every}"),
        *("+trainer.limit_val_batches=0", f"hydra.run.dir={folder}"),
    ]
    print(f"train.py {precision} {network} ...", file=sys.stderr, flush=True)
    with (work / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((work / "log").read_text())
    speeds = EventAccumulator(str(folder)).Reload().Scalars("train/images_per_second")
    # the first of them holds the time of the compilation
    seconds = [BATCH / event.value for event in speeds[1:]]
    return {"seconds": seconds, "memory": usage.ru_maxrss * 1024 / 1e9}


def make_photographs(folder: Path, count: int = 64) -> None:
    """JPEGs of COCO's usual size."""
    folder.mkdir()
    sources = [read_image(file) for file in folder_files(ROOT / "src/fastnst/data/photographs")]
    for number in range(count):
        image = ImageOps.fit(sources[number % len(sources)], (640 + number % 3, 480))
        image.save(folder / f"{number:03d}.jpg", quality=90)


def report(device: str, steps: int | None, float32: bool) -> Iterator[str]:
    """The lines of the table."""
    bf16 = computes_bf16(torch.device(device))
    yield f"# {device_name(device)}, PyTorch {torch.__version__}, {time.strftime('%Y-%m-%d')}"
    work = run_part("work")["flops"]
    kinds = {"auto": "bfloat16" if bf16 else "float32"}
    if float32 and bf16:
        kinds["32-true"] = "float32"
    peak = {
        dtype: run_part("peak", device=device, dtype=dtype)["flops"] for dtype in kinds.values()
    }
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        photographs = place / "photographs"
        make_photographs(photographs)
        plain_steps, fast_steps = (5, steps or 25) if device == "cpu" else (100, steps or 1000)
        plain = run_part(
            "plain_training", device=device, folder=str(photographs), steps=plain_steps
        )
        fast = {kind: run_training(device, place, fast_steps, kind, "vgg16") for kind in kinds}
        compact = run_training(device, place, fast_steps, "auto", "compact")
        data = run_part("data", folder=str(photographs), prepared=str(place / "prepared_again"))
    painted = {
        name: run_part(part, device=device)
        for name, part in (("plain", "plain_stylizing"), ("fastnst", "stylizing"))
    }

    base = statistics.median(plain["seconds"])
    yield "\n| training, 4 x 256x256 | s/iteration | images/s | ratio | memory | of peak |"
    yield "|---|---|---|---|---|---|"
    yield f"| (a) plain | {base:.4g} | {BATCH / base:.3g} | 1 | {plain['memory']:.2f} GB | |"
    for kind, dtype in kinds.items():
        seconds = statistics.median(fast[kind]["seconds"])
        share = work / seconds / peak[dtype]
        yield (
            f"| (b) train.py, {dtype} | {seconds:.4g} | {BATCH / seconds:.3g} | "
            f"{base / seconds:.2f} | {fast[kind]['memory']:.2f} GB | {share:.0%} |"
        )
    seconds = statistics.median(compact["seconds"])
    yield (
        f"| (c) train.py, {kinds['auto']}, loss_network=compact | {seconds:.4g} | "
        f"{BATCH / seconds:.3g} | {base / seconds:.2f} | {compact['memory']:.2f} GB | |"
    )
    for dtype, flops in peak.items():
        yield f"\nPeak of {dtype} convolutions: {flops / 1e12:.3g} TFLOP/s"
    yield f"Convolutions of an iteration: {work / 1e9:.0f} GFLOP"
    seconds = statistics.median(fast["auto"]["seconds"])
    yield f"40,000 iterations at this speed: {40_000 * seconds / 60:.1f} minutes"

    yield "\n| stylizing | plain float32 | fastnst | ratio |"
    yield "|---|---|---|---|"
    for name in SIZES:
        slow, quick = (statistics.median(painted[who]["sizes"][name]) for who in painted)
        yield f"| {name} | {slow * 1e3:.4g} ms | {quick * 1e3:.4g} ms | {slow / quick:.2f} |"
    for what, key in (("memory", "memory"), ("of it for the picture", "extra")):
        slow, quick = (painted[who][key] for who in painted)
        yield f"| {what}, 1920x1080 | {slow:.2f} GB | {quick:.2f} GB | {slow / quick:.2f} |"

    decoded, cached = (statistics.median(data[key]) for key in ("decoded", "cached"))
    yield "\n| data, a batch of 4 | decoded | prepared | ratio | of the step |"
    yield "|---|---|---|---|---|"
    yield (
        f"| 256x256 | {decoded * 1e3:.3g} ms | {cached * 1e3:.3g} ms | {decoded / cached:.0f} | "
        f"{cached / seconds:.2%} |"
    )


def device_name(device: str) -> str:
    """As people call it."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} cores, {names[0] if names else platform.processor()}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--steps", type=int, help="of train.py that are measured")
    parser.add_argument("--float32", action="store_true", help="also without bfloat16")
    arguments = parser.parse_args()
    device = choose_device(arguments.device).type
    for line in report(device, arguments.steps, arguments.float32):
        print(line, flush=True)


if __name__ == "__main__":
    main()
