"""How fast fastnst is on this machine, against the common recipe written plainly.

    python scripts/benchmark.py             # CPU: under five minutes
    python scripts/benchmark.py --float32   # also with bfloat16 forbidden
    python scripts/benchmark.py --device cuda --steps 5000

Everything is measured in one run, each part in a process of its own: (a) `plain_recipe.py`, what
published scripts do, and (b) `train.py` itself and the stylizer of `stylize.py`. Photographs are
made from the bundled ones, weights are random: neither changes the work. Medians throughout.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import plain_recipe
import torch
from PIL import Image, ImageOps
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms.functional import to_pil_image, to_tensor

from fastnst.hardware import choose_device, computes_bf16
from fastnst.images import read_image
from fastnst.loss_network import LossNetwork
from fastnst.model_file import write_model
from fastnst.networks import build_network
from fastnst.perceptual_loss import PerceptualLoss
from fastnst.photo_files import folder_files
from fastnst.pictures import Photographs, to_pixels
from fastnst.preparation import prepare
from fastnst.stylizer import PAYS_AFTER, Stylizer
from fastnst.vgg_weights import build_loss_network

ROOT = Path(__file__).parents[1]
BATCH, SIZE = 4, 256
SIZES = {"256x256": (256, 256), "512x512": (512, 512), "1920x1080": (1920, 1080)}
ARCHITECTURE = {"name": "resnet", "width": 32, "blocks": 5, "norm": "instance",
                "upsample": "nearest"}  # fmt: skip
LAYERS = dict.fromkeys(plain_recipe.STYLE_LAYERS, 1.0)


def wait(device: str) -> None:
    """Until the device has done what it was sent."""
    if device == "cuda":
        torch.cuda.synchronize()


def times(work: Callable[[], object], device: str, count: int) -> list[float]:
    """Seconds of each call, after two that do not count."""
    found = []
    for _ in range(count + 2):
        started = time.perf_counter()
        work()
        wait(device)
        found.append(time.perf_counter() - started)
    return found[2:]


def memory(device: str) -> float:
    """Gigabytes used at most so far: of the GPU, or of this process."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # KiB on Linux


# ---- parts: each runs in its own process and returns plain numbers


def part_peak(device: str, dtype: str) -> dict:
    """FLOP/s of 3x3 convolutions at the sizes where a network spends its time."""
    best = 0.0
    for channels, side in ((128, 64), (256, 64), (512, 32)):
        kind = {"device": device, "dtype": getattr(torch, dtype)}
        images = torch.randn(BATCH, channels, side, side, **kind)
        weight = torch.randn(channels, channels, 3, 3, **kind)
        images, weight = (t.to(memory_format=torch.channels_last) for t in (images, weight))
        seconds = times(
            lambda images=images, weight=weight: torch.conv2d(images, weight, padding=1), device, 9
        )
        best = max(best, 2 * 9 * channels**2 * side**2 * BATCH / statistics.median(seconds))
    return {"flops": best}


def part_work() -> dict:
    """FLOPs of an iteration's convolutions: the transformation network forward and backward, the
    loss network forward and backward to its input, the content features of the photographs."""
    network, small = plain_recipe.PlainNetwork(), 64
    features = build_loss_network("vgg16", "random")
    images = torch.rand(1, 3, small, small)
    loss = PerceptualLoss(features, images, "relative", {"relu2_2": 1.0}, LAYERS, 1, 10, 1)
    with FlopCounterMode(display=False) as counter:
        loss(network(images), images)["total"].backward()
    counted = counter.get_flop_counts()["Global"].items()
    flops = sum(count for op, count in counted if "convolution" in str(op))
    return {"flops": flops * BATCH * (SIZE / small) ** 2}


def part_plain_training(device: str, folder: str, steps: int) -> dict:
    """The common recipe, decoding included."""
    features: LossNetwork = build_loss_network("vgg16", "random").to(device)
    plain = torch.nn.Sequential(
        *(torch.nn.MaxPool2d(2) if "Pool" in type(m).__name__ else m for m in features.features)
    ).to(memory_format=torch.contiguous_format)
    style = torch.rand(1, 3, SIZE, SIZE, device=device)
    loss = plain_recipe.PlainLoss(plain, features.mean, features.std, style)
    network = plain_recipe.PlainNetwork().to(device)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    batches = plain_recipe.decoded_batches(folder_files(Path(folder)), SIZE, BATCH)

    def step() -> None:
        plain_recipe.step(network, loss, optimizer, next(batches).to(device))

    return {"seconds": times(step, device, steps), "memory": memory(device)}


def part_plain_stylizing(device: str) -> dict:
    """An eager float32 network."""
    network = plain_recipe.PlainNetwork().eval().to(device)

    def paint(photograph: Image.Image) -> Image.Image:
        with torch.no_grad():
            return to_pil_image(network(to_tensor(photograph)[None].to(device))[0].cpu())

    return stylizing(paint, device)


def part_stylizing(device: str) -> dict:
    """The stylizer, with many pictures of each size to come."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        write_model(path, build_network(ARCHITECTURE), ARCHITECTURE, {"name": "random"})
        stylizer = Stylizer(path, device)
    if device == "cpu":
        from fastnst.hardware import keep_freed_memory

        keep_freed_memory()  # as stylize.py does
    many = PAYS_AFTER[device]
    return stylizing(lambda photograph: stylizer.paint([photograph], many), device)


def stylizing(paint: Callable[[Image.Image], object], device: str) -> dict:
    """Time of each size, and the memory that the largest takes beyond what is loaded."""
    photograph = read_image(folder_files(ROOT / "src/fastnst/photographs")[0])
    before = memory(device)
    found: dict = {"sizes": {}}
    # the largest first, so that nothing else stands behind the peak
    for name, size in reversed(SIZES.items()):
        frame = ImageOps.fit(photograph, size)
        count = max(3, min(20, 2 * 10**6 // (size[0] * size[1])))
        found["sizes"][name] = times(lambda frame=frame: paint(frame), device, count)
        found.setdefault("memory", memory(device))
    return {**found, "extra": found["memory"] - before}


def part_data(folder: str, prepared: str) -> dict:
    """A batch decoded, and a batch from the prepared pictures as the training loop gets it."""
    files = folder_files(Path(folder))
    source = Photographs(files, SIZE, "crop")
    cache = prepare(source, Path(prepared), {})
    batches = plain_recipe.decoded_batches(files, SIZE, BATCH)
    numbers = iter(range(10**6))

    def from_cache() -> None:
        pairs = [(BATCH * next(numbers) + i) % len(files) for i in range(BATCH)]
        to_pixels(*cache.__getitems__([(index, index % 2 == 0) for index in pairs]))

    return {
        "decoded": times(lambda: next(batches), "cpu", 20),
        "cached": times(from_cache, "cpu", 200),
    }


# ---- the run


def run_part(name: str, **arguments: object) -> dict:
    """Call a part in a new process."""
    command = [sys.executable, __file__, "--part", name, json.dumps(arguments)]
    print(f"{name} {' '.join(map(str, arguments.values()))} ...", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run_training(device: str, work: Path, steps: int, precision: str) -> dict:
    """Let `train.py` train, and read from TensorBoard what it says of its speed."""
    every = max(1, steps // 5)
    folder = work / f"run_{precision}"
    command = [
        *(sys.executable, str(ROOT / "train.py"), "style=brush_strokes", "data=folder"),
        *(f"data.root={work / 'photographs'}", f"data.prepared={work / 'prepared'}"),
        *("loss_network.weights=random", f"trainer.max_steps={steps + every}", "compile=true"),
        *(f"trainer.precision={precision}", f"trainer.accelerator={device}"),
        *(f"data.cache={'device' if device == 'cuda' else 'disk'}", f"log_every={every}"),
        *("+trainer.limit_val_batches=0", f"hydra.run.dir={folder}"),
    ]
    print(f"train.py {precision} ...", file=sys.stderr, flush=True)
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
    sources = [read_image(file) for file in folder_files(ROOT / "src/fastnst/photographs")]
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
        fast = {kind: run_training(device, place, fast_steps, kind) for kind in kinds}
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
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        name, values = arguments.part
        print(json.dumps(globals()[f"part_{name}"](**json.loads(values))))
        return
    device = choose_device(arguments.device).type
    for line in report(device, arguments.steps, arguments.float32):
        print(line, flush=True)


if __name__ == "__main__":
    main()
