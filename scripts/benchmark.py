"""How fast fastnst is on this machine, against the common recipe written plainly.

    python scripts/benchmark.py             # CPU: a quarter of an hour
    python scripts/benchmark.py --float32   # also with bfloat16 forbidden
    python scripts/benchmark.py --device cuda --report   # also tests and 3,000 steps: 8 minutes

Everything is measured in one run, in turn and three times over, each part in a process of its own:
(a) `plain_recipe.py`, what published scripts do, (b) `train.py` itself and the stylizer of
`stylize.py`, (c) `train.py` with the compact loss network. Photographs are made from the bundled
ones, VGG's weights are random: neither changes the work. Run it on a machine that does nothing
else; it says so if that was not the case.
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
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import benchmark_parts
import benchmark_report
import torch
from benchmark_parts import BATCH, ROOT, SIZES
from PIL import ImageOps
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.data import folder_files
from fastnst.images import read_image
from fastnst.machine import choose_device, computes_bf16

ROUNDS = 3
QUIET = 1.15  # times as fast as in another round: more is the work of others


def run_part(name: str, **arguments: object) -> dict:
    """Call a part in a new process."""
    command = [sys.executable, benchmark_parts.__file__, name, json.dumps(arguments)]
    print(f"{name} {' '.join(map(str, arguments.values()))} ...", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run_training(device: str, place: Path, steps: int, precision: str, network: str) -> dict:
    """Let `train.py` train, and read from TensorBoard what it says of its speed."""
    every = max(1, steps // 5)
    folder = Path(tempfile.mkdtemp(dir=place))
    weights = "random" if network == "vgg16" else "pretrained"
    command = [
        *(sys.executable, str(ROOT / "train.py"), "style=brush_strokes", "data=folder"),
        *(f"data.root={place / 'photographs'}", f"data.prepared={place / 'prepared'}"),
        *(f"loss_network={network}", f"loss_network.weights={weights}", "compile=true"),
        f"trainer.max_steps={steps + every}",
        *(f"trainer.precision={precision}", f"trainer.accelerator={device}"),
        *(f"data.cache={'device' if device == 'cuda' else 'disk'}", f"log_every={every}"),
        *("+trainer.limit_val_batches=0", f"hydra.run.dir={folder}"),
    ]
    print(f"train.py {precision} {network} ...", file=sys.stderr, flush=True)
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((place / "log").read_text())
    curves = EventAccumulator(str(folder)).Reload()
    # the first of them holds the time of the compilation
    speeds = curves.Scalars("train/images_per_second")[1:]
    totals = [event.value for event in curves.Scalars("train/total")]
    return {
        "seconds": [BATCH / event.value for event in speeds],
        "memory": usage.ru_maxrss * 1024 / 1e9,
        "learnt": (totals[0], totals[-1]),
    }


def training(device: str, steps: int) -> Iterator[str]:
    """How `train.py` does in so many steps, in a few lines."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        make_photographs(place / "photographs")
        done = run_training(device, place, steps, "auto", "vgg16")
    median, (first, last) = statistics.median(done["seconds"]), done["learnt"]
    yield f"{BATCH / median:.4g} images/s, {median * 1e3:.4g} ms an iteration of 4 x 256x256, so"
    yield f"{40_000 * median:.0f} s for 40,000. The total loss went from {first:.3g} to {last:.3g}."


def make_photographs(folder: Path, count: int = 64) -> None:
    """JPEGs of COCO's usual size."""
    folder.mkdir()
    sources = [read_image(file) for file in folder_files(ROOT / "src/fastnst/data/photographs")]
    for number in range(count):
        image = ImageOps.fit(sources[number % len(sources)], (640 + number % 3, 480))
        image.save(folder / f"{number:03d}.jpg", quality=90)


class Figures(NamedTuple):
    """Of one measurement in each round, by its name."""

    rounds: dict[str, list[float]]  # seconds, or FLOP/s
    memory: dict[str, float]  # GB

    def median(self, name: str) -> float:
        """Over all rounds."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, other: str) -> str:
        """How many times as much one is as another: both were measured in each round."""
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        ratios = [value / than for value, than in pairs]
        return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

    def spread(self, name: str) -> float:
        """The largest value over the smallest."""
        return max(self.rounds[name]) / min(self.rounds[name])


def measure(device: str, steps: int | None, kinds: dict[str, str], rounds: int) -> Figures:
    """All that changes with the state of the machine, in turn, several times over."""
    found, memory = defaultdict(list), {}

    def note(name: str, seconds: Sequence[float], used: float | None = None) -> None:
        found[name].append(statistics.median(seconds))
        if used is not None:
            memory[name] = used

    plain_steps, fast_steps = (3, steps or 15) if device == "cpu" else (100, steps or 1000)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        photographs = place / "photographs"
        make_photographs(photographs)
        for _ in range(rounds):
            plain = run_part(
                "plain_training", device=device, folder=str(photographs), steps=plain_steps
            )
            note("plain", plain["seconds"], plain["memory"])
            for kind, dtype in kinds.items():
                peak = run_part("peak", device=device, dtype=dtype)["flops"]
                note(f"peak {dtype}", [peak])
                fast = run_training(device, place, fast_steps, kind, "vgg16")
                note(kind, fast["seconds"], fast["memory"])
            compact = run_training(device, place, fast_steps, "auto", "compact")
            note("compact", compact["seconds"], compact["memory"])
            for name, part in (("slow", "plain_stylizing"), ("quick", "stylizing")):
                painted = run_part(part, device=device)
                for size, seconds in painted["sizes"].items():
                    note(f"{name} {size}", seconds)
                memory[name], memory[f"{name} extra"] = painted["memory"], painted["extra"]
        data = run_part("data", folder=str(photographs), prepared=str(place / "prepared_again"))
        for name, seconds in data.items():
            note(name, seconds)
    return Figures(dict(found), memory)


def report(device: str, steps: int | None, float32: bool, rounds: int = ROUNDS) -> Iterator[str]:
    """The lines of the table."""
    bf16 = computes_bf16(torch.device(device))
    yield f"# {device_name(device)}, PyTorch {torch.__version__}, {time.strftime('%Y-%m-%d')}"
    kinds = {"auto": "bfloat16" if bf16 else "float32"}
    if float32 and bf16:
        kinds["32-true"] = "float32"
    work = run_part("work")["flops"]
    found = measure(device, steps, kinds, rounds)
    yield f"\nMedians of {rounds} rounds, in brackets the lowest and the highest.\n"
    plain, peak = found.spread("plain"), found.spread(f"peak {kinds['auto']}")
    if max(plain, peak) > QUIET:
        yield (
            f"**The machine was not quiet**: from round to round (a) differed by a factor of "
            f"{plain:.2f}, the peak by {peak:.2f}.\n"
        )
    yield "| training, 4 x 256x256 | s/iteration | images/s | ratio | memory | of peak |"
    yield "|---|---|---|---|---|---|"
    base = found.median("plain")
    yield f"| (a) plain | {base:.4g} | {BATCH / base:.3g} | 1 | {found.memory['plain']:.2f} GB | |"
    rows = [(kind, f"(b) train.py, {dtype}", dtype) for kind, dtype in kinds.items()]
    rows.append(("compact", f"(c) train.py, {kinds['auto']}, loss_network=compact", None))
    for name, title, dtype in rows:
        seconds, share = found.median(name), ""
        if dtype is not None:
            shares = [
                work / took / peak
                for took, peak in zip(
                    found.rounds[name], found.rounds[f"peak {dtype}"], strict=True
                )
            ]
            share = f"{statistics.median(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"
        yield (
            f"| {title} | {seconds:.4g} | {BATCH / seconds:.3g} | {found.ratio('plain', name)} | "
            f"{found.memory[name]:.2f} GB | {share} |"
        )
    for dtype in kinds.values():
        yield f"\nPeak of {dtype} convolutions: {found.median(f'peak {dtype}') / 1e12:.3g} TFLOP/s"
    yield f"Convolutions of an iteration: {work / 1e9:.0f} GFLOP"
    seconds = found.median("auto")
    yield f"40,000 iterations at this speed: {40_000 * seconds / 60:.1f} minutes"
    yield from painting(found)
    decoded, cached = found.median("decoded"), found.median("cached")
    yield "\n| data, a batch of 4 | decoded | prepared | ratio | of the step |"
    yield "|---|---|---|---|---|"
    yield (
        f"| 256x256 | {decoded * 1e3:.3g} ms | {cached * 1e3:.3g} ms | {decoded / cached:.0f} | "
        f"{cached / seconds:.2%} |"
    )


def painting(found: Figures) -> Iterator[str]:
    """The table of painting."""
    yield "\n| stylizing | plain float32 | fastnst | ratio |"
    yield "|---|---|---|---|"
    for size in SIZES:
        slow, quick = (found.median(f"{name} {size}") * 1e3 for name in ("slow", "quick"))
        ratio = found.ratio(f"slow {size}", f"quick {size}")
        yield f"| {size} | {slow:.4g} ms | {quick:.4g} ms | {ratio} |"
    for what, key in (("memory", ""), ("of it for the picture", " extra")):
        slow, quick = (found.memory[name + key] for name in ("slow", "quick"))
        yield f"| {what}, 1920x1080 | {slow:.2f} GB | {quick:.2f} GB | {slow / quick:.2f} |"


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
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of all measurements")
    parser.add_argument("--training", type=int, metavar="STEPS", help="only train.py, so many")
    parser.add_argument(
        "--report",
        nargs="?",
        type=Path,
        const=Path("benchmark-report.md"),
        metavar="FILE",
        help="tests, training and benchmark in under eight minutes, written to one Markdown file",
    )
    arguments = parser.parse_args()
    device = choose_device(arguments.device).type
    if arguments.report:
        parts = benchmark_report.parts(device)
        sys.exit(not benchmark_report.write_report(arguments.report, device, parts))
    lines = report(device, arguments.steps, arguments.float32, arguments.rounds)
    if arguments.training:
        lines = training(device, arguments.training)
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
