"""Which network paints a finished style: the usual one, the calm or the light one."""

import sys

import pytest
import torch
from small.clips import moving, write_clip
from small.stylizing import ARCHITECTURE, stylize

from fastnst.models import ENDING, fingerprint, write_model, write_style, zoo
from fastnst.networks import build_network, style_of

STYLES = ("irises", "red_fuji")


def write_styles(folder, seed, names=STYLES):
    folder.mkdir(exist_ok=True)
    torch.manual_seed(seed)
    network = build_network(ARCHITECTURE)
    write_model(folder / "many_styles.safetensors", network, ARCHITECTURE, {"name": "many_styles"})
    for name in names:
        numbers = style_of(network)
        write_style(folder / f"{name}{ENDING}", numbers, {"name": name}, fingerprint(network))


def mark(stylizer):
    """Of the convolutions, which styles and regions leave alone."""
    return next(stylizer.painters[0].network.parameters()).sum().item()


@pytest.fixture
def used(tmp_path, monkeypatch):
    """Runs the command; gives which network painted pictures, videos or the webcam, by folder."""
    command = sys.modules["fastnst.commands.stylize"]
    places = {"models": tmp_path / "models", "calm": tmp_path / "models" / "calm",
              "light": tmp_path / "models" / "light"}  # fmt: skip
    for seed, folder in enumerate(places.values()):
        write_styles(folder, seed, STYLES if folder.name != "light" else STYLES[:1])
    monkeypatch.setattr(zoo, "MODELS", places["models"])
    monkeypatch.setattr(
        sys.modules["fastnst.jobs.plan"], "finished_styles", list
    )  # there are no cards
    monkeypatch.setattr(command, "CALM", places["calm"])
    monkeypatch.setattr(command, "LIGHT", places["light"])
    marks = {
        mark(command.Stylizer(folder / f"irises{ENDING}")): name for name, folder in places.items()
    }
    found = []

    def note(stylizer):
        found.append(marks[mark(stylizer)])

    def pictures(stylizer, some, *_):
        if some:
            note(stylizer)
        return 0

    def webcam(stylizers, _, temporal, style_size):
        assert (temporal, style_size) == (0.4, 512)
        for stylizer in stylizers:
            note(stylizer)

    monkeypatch.setattr(sys.modules["fastnst.jobs.paint"], "_paint_pictures", pictures)
    monkeypatch.setattr(sys.modules["fastnst.jobs.paint"], "_paint_videos", pictures)
    monkeypatch.setattr(command, "run_webcam", webcam)

    def run(*words):
        files = [places["models"] / f"{word}{ENDING}" if word in STYLES else word for word in words]
        assert stylize(monkeypatch, "--device", "cpu", *files) == 0
        return found

    return run


def test_videos_are_painted_by_the_calm_network_and_pictures_by_the_usual_one(
    used, tmp_path, picture
):
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    picture("photo.jpg", (32, 32))
    assert used("--style", "irises", tmp_path / "photo.jpg", clip) == ["models", "calm"]


def test_mixtures_and_regions_of_videos_are_painted_by_the_calm_network(used, tmp_path, picture):
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    irises, fuji = (tmp_path / "models" / f"{name}{ENDING}" for name in STYLES)
    mixed = ("--style", f"{irises}:0.6,{fuji}:0.4")
    assert used(*mixed, clip) == ["calm"]
    picture("half.png", (32, 32))
    regions = ("--regions", f"{tmp_path / 'half.png'}={fuji}")
    assert used("--style", "irises", *regions, clip) == ["calm"] * 2
    # of which the light network has not all
    assert used(*mixed, "--webcam", "--temporal", 0.4)[2:] == ["models"]
    assert used("--style", "irises", *regions, "--webcam", "--temporal", 0.4)[3:] == ["models"]


def test_frames_of_a_film_are_painted_by_the_calm_network(used, tmp_path, picture):
    picture("photo.jpg", (32, 32))
    assert used("--style", "irises", tmp_path / "photo.jpg", "--temporal") == ["calm"]


def test_photographs_among_videos_are_no_film(used, tmp_path, picture):
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    picture("photo.jpg", (32, 32))
    words = ("--style", "irises", tmp_path / "photo.jpg", clip, "--temporal")
    assert used(*words) == ["models", "calm"]


def test_the_webcam_has_the_light_network_where_it_has_all_the_styles(used):
    assert used("--style", "irises", "--webcam", "--temporal", 0.4) == ["light"]


def test_the_webcam_walks_between_styles_of_one_network(used):
    assert used("--style", "irises", "--style", "red_fuji", "--webcam", "--temporal", 0.4) == [
        "models",
        "models",
    ]


def test_a_file_that_is_given_paints_itself(used, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", moving(3))
    assert used("--ckpt", "irises", clip) == ["models"]
    assert used("--ckpt", "irises", "--webcam", "--temporal", 0.4)[1:] == ["models"]
