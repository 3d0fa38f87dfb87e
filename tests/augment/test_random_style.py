"""Pictures that are painted at random: which, how, and what comes along."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torchvision import tv_tensors
from torchvision.transforms import v2

from fastnst.augment import RandomStyle, painting
from fastnst.augment.style_space import read_space
from fastnst.networks import set_style


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """Whatever the processor can."""
    monkeypatch.setattr(painting, "computes_bf16", lambda _: False)


@pytest.fixture
def make(folder):
    """Makes what paints with the small network, every picture and wholly if nothing is said."""

    def make(**changes):
        return RandomStyle(**{"p": 1, "strength": (1, 1), "network": folder, "seed": 0} | changes)

    return make


def test_each_picture_is_painted_in_a_style_of_its_own(make, folder, batch):
    pictures = batch(12, 32)
    painted = make(styles="finished")(pictures)
    network, space = read_space(folder)
    every = []
    with torch.no_grad():
        for numbers in space.known:
            set_style(network, numbers)
            every.append(network(pictures))
    apart = (painted - torch.stack(every)).abs().amax((2, 3, 4))  # styles, pictures
    assert apart.min(0).values.max() < 1e-4
    assert {*apart.argmin(0).tolist()} == {0, 1, 2}


def test_p_is_how_many_are_painted_and_the_others_stay_bit_by_bit(make, batch):
    pictures = batch(100, 16)
    painted = make(p=0.3)(pictures)
    touched = (painted != pictures).flatten(1).any(1)
    assert 20 <= touched.sum() <= 40
    assert make(p=0)(pictures) is pictures


def test_the_strength_is_the_share_of_the_painting_and_of_each_picture(make, batch):
    pictures = batch(40, 16)
    whole, half = make()(pictures), make(strength=(0.5, 0.5))(pictures)
    torch.testing.assert_close(half, (pictures + whole) / 2)
    assert torch.equal(make(strength=(0, 0))(pictures), pictures)
    some = make(strength=(0.2, 0.6))(pictures)
    shares = ((some - pictures).flatten(1) / (whole - pictures).flatten(1)).median(1).values
    assert 0.2 <= shares.min() < 0.25
    assert 0.55 < shares.max() <= 0.6


def test_bytes_stay_bytes_and_are_painted_as_floats_are(make, batch):
    whole = (batch(3, 20) * 255).round().to(torch.uint8)
    painted = make()(whole)
    assert painted.dtype == torch.uint8
    distance = (painted - 255 * make()(whole / 255)).abs()
    assert distance.max() <= 0.501
    assert torch.equal(make(strength=(0, 0))(whole), whole)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats_keep_their_precision(make, batch, dtype):
    pictures = batch(2, 16)
    painted = make()(pictures.to(dtype))
    assert painted.dtype == dtype
    torch.testing.assert_close(painted.float(), make()(pictures), rtol=0, atol=0.05)


def test_one_picture_is_a_batch_of_one_of_whatever_size(make, batch):
    picture = batch(1, 40)[0, :, :17, :33]
    painted = make()(picture)
    assert painted.shape == (3, 17, 33)
    assert torch.equal(painted, make()(picture[None])[0])


def test_many_are_painted_a_few_at_a_time_and_alike(make, batch, monkeypatch):
    pictures = batch(5, 16).contiguous(memory_format=torch.channels_last)
    together = make()(pictures)
    assert together.stride() == pictures.stride()
    counts, paint = [], painting.paint_styles
    monkeypatch.setattr(
        painting, "paint_styles", lambda *given: counts.append(len(given[1])) or paint(*given)
    )
    monkeypatch.setattr(painting, "PIXELS_ON_CPU", 2 * 16 * 16)
    torch.testing.assert_close(make()(pictures), together, rtol=0, atol=1e-5)
    assert counts == [2, 2, 1]


def test_it_is_computed_in_bfloat16_where_the_processor_does(make, batch, monkeypatch):
    pictures = batch(2, 32)
    exact = make()(pictures)
    monkeypatch.setattr(painting, "computes_bf16", lambda _: True)
    rounded = make()(pictures)
    assert rounded.dtype == torch.float32
    assert 0 < (rounded - exact).abs().mean() < 0.02


def test_what_belongs_to_pictures_passes_through(make, batch):
    size = (16, 16)
    sample = {
        "label": torch.arange(2),
        "image": tv_tensors.Image(batch(2, 16)),
        "mask": tv_tensors.Mask(torch.ones(2, *size)),
        "boxes": tv_tensors.BoundingBoxes([[1, 2, 3, 4]], format="XYXY", canvas_size=size),
        "name": "a picture",
    }
    painted = make()(sample)
    assert isinstance(painted["image"], tv_tensors.Image)
    assert not torch.equal(painted["image"], sample["image"])
    assert all(painted[key] is sample[key] for key in sample if key != "image")
    pictures, labels = make()(batch(2, 16), sample["label"])
    assert labels is sample["label"]
    assert torch.equal(pictures, painted["image"])


def test_pictures_that_belong_together_are_painted_alike(make, batch):
    left = tv_tensors.Image(batch(3, 16))
    right = tv_tensors.Image(batch(3, 16))
    painted = make(p=0.7)(left, right)
    assert torch.equal(*painted)
    assert not torch.equal(painted[0], left)


def test_a_classifier_learns_from_what_is_painted(make, batch):
    classifier = nn.Conv2d(3, 1, 3)
    augment = make()
    pictures = batch(2, 16).requires_grad_()
    painted = augment(pictures)
    assert not painted.requires_grad
    classifier(painted).sum().backward()
    assert classifier.weight.grad.abs().sum() > 0
    owner = nn.ModuleList([augment])  # which trains and stores nothing of it
    assert not [*owner.parameters()]
    assert not owner.state_dict()


def test_draws_follow_the_generator_of_pytorch(make, batch):
    augment, pictures = make(seed=None), batch(2, 16)
    torch.manual_seed(1)
    first, second = augment(pictures), augment(pictures)
    torch.manual_seed(1)
    assert torch.equal(augment(pictures), first)
    assert not torch.equal(first, second)


def test_a_seed_has_a_generator_of_its_own(make, batch):
    augment, pictures = make(seed=5), batch(2, 16)
    before = torch.get_rng_state()
    first, second = augment(pictures), augment(pictures)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, second)
    again = make(seed=5)
    assert torch.equal(again(pictures), first)
    copies = [pickle.loads(pickle.dumps(again)), copy.deepcopy(again)]
    assert all(torch.equal(one(pictures), first) for one in copies)  # these begin anew
    assert torch.equal(again(pictures), second)
    assert not torch.equal(make(seed=6)(pictures), first)


def test_it_stands_among_other_transforms(make, batch):
    chain = v2.Compose([v2.Resize(24), make(), v2.Normalize([0.5] * 3, [0.5] * 3)])
    assert chain(batch(2, 32)).shape == (2, 3, 24, 24)
    assert repr(make(p=0.5)) == "RandomStyle(p=0.5, strength=(1, 1), seed=0, styles=gaussian)"


@pytest.mark.parametrize("styles", ["finished", "mixture", "gaussian"])
def test_the_light_network_paints_what_can_be_seen(batch, styles):
    """Neither black nor blown out, and the picture still in it."""
    pictures = batch(24, 64)
    painted = RandomStyle(p=1, styles=styles, strength=(1, 1), seed=0)(pictures)
    means, deviations = painted.mean((1, 2, 3)), painted.std((1, 2, 3))
    assert 0.1 < means.min() < means.max() < 0.9
    assert deviations.min() > 0.04
    assert ((painted < 0.01) | (painted > 0.99)).float().mean() < 0.02
    assert means.std() > 0.05  # the styles differ
    grey = torch.stack([pictures.mean(1).flatten(1), painted.mean(1).flatten(1)], 1)
    alike = torch.stack([pair.corrcoef()[0, 1].abs() for pair in grey])
    assert alike.median() > 0.5


@pytest.mark.gpu
def test_pictures_are_painted_where_they_are(make, batch):
    pictures = batch(4, 32)
    augment = make()
    painted = augment(pictures.cuda())
    assert painted.device.type == "cuda"
    torch.testing.assert_close(painted.cpu(), make()(pictures), rtol=0, atol=0.05)
    assert pickle.loads(pickle.dumps(augment))(pictures).device.type == "cpu"
