"""The parts of `benchmark.py`; each runs in a process of its own and prints its figures as JSON."""

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import plain_recipe
import torch
from PIL import Image, ImageOps
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms.functional import to_pil_image, to_tensor

from fastnst.data import BadPictures, Drawn, Photographs, folder_files, prepare, to_pixels
from fastnst.images import read_image
from fastnst.losses import LossNetwork, PerceptualLoss, build_loss_network
from fastnst.machine import keep_freed_memory
from fastnst.models import write_model
from fastnst.networks import build_network
from fastnst.stylizing import PAYS_AFTER, Stylizer

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
    loss = PerceptualLoss(
        features, [images], "relative", "gram", {"relu2_2": 1.0}, LAYERS, 1, 10, 1
    )
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
        keep_freed_memory()  # as stylize.py does
    many = PAYS_AFTER[device]
    return stylizing(lambda photograph: stylizer.paint([photograph], many), device)


def stylizing(paint: Callable[[Image.Image], object], device: str) -> dict:
    """Time of each size, and the memory that the largest takes beyond what is loaded."""
    photograph = read_image(folder_files(ROOT / "src/fastnst/data/photographs")[0])
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
    cache = prepare(source, Path(prepared), {}, BadPictures("training", len(files), 0))
    batches = plain_recipe.decoded_batches(files, SIZE, BATCH)
    numbers = iter(range(10**6))

    def from_cache() -> None:
        pairs = [(BATCH * next(numbers) + i) % len(files) for i in range(BATCH)]
        batch = cache.__getitems__([Drawn(index, index % 2 == 0) for index in pairs])
        to_pixels(batch.pictures, batch.mirrored)

    return {
        "decoded": times(lambda: next(batches), "cpu", 20),
        "cached": times(from_cache, "cpu", 200),
    }


if __name__ == "__main__":
    _, name, values = sys.argv
    print(json.dumps(globals()[f"part_{name}"](**json.loads(values))))
