import math

import pytest
import torch

from fastnst.images import enlarge, shrink
from fastnst.super_resolution import measure_quality


def test_psnr_is_that_of_luminance_in_the_fields_units():
    grey = torch.full((1, 3, 40, 40), 100 / 255)
    other = torch.full((1, 3, 40, 40), 110 / 255)
    # 219 steps of luminance for 255 of grey
    expected = 20 * math.log10(255 / (10 * 219 / 255))
    assert measure_quality(grey, other, 4)["psnr"].item() == pytest.approx(expected, abs=1e-3)


def test_green_counts_for_more_than_blue():
    black = torch.zeros(1, 3, 40, 40)
    green, blue = black.clone(), black.clone()
    green[:, 1], blue[:, 2] = 0.2, 0.2
    psnr = [measure_quality(one, black, 4)["psnr"].item() for one in (green, blue)]
    assert psnr[1] - psnr[0] == pytest.approx(20 * math.log10(128.553 / 24.966), abs=1e-3)


def test_the_border_does_not_count(batch):
    truth = batch(1, 48)
    framed = truth.clone()
    framed[..., :4, :] = 1 - framed[..., :4, :]
    assert measure_quality(framed, truth, 4)["psnr"].isinf().all()
    assert measure_quality(framed, truth, 3)["psnr"].isfinite().all()


def test_each_picture_is_measured_by_itself(batch):
    truth = batch(3, 48)
    near = enlarge(shrink(truth, 4), 4)
    together = measure_quality(near, truth, 4)
    for number in range(3):
        alone = measure_quality(near[number, None], truth[number, None], 4)
        for name in ("psnr", "ssim"):
            assert together[name][number].item() == pytest.approx(alone[name].item(), abs=1e-6)


def test_ssim_is_one_for_the_same_and_falls_with_blur(batch):
    truth = batch(1, 48)
    assert measure_quality(truth, truth, 2)["ssim"].item() == pytest.approx(1)
    found = [measure_quality(enlarge(shrink(truth, by), by), truth, 2)["ssim"] for by in (2, 4)]
    assert 1 > found[0].item() > found[1].item() > 0


def test_values_count_as_a_file_has_them(batch):
    truth = (batch(1, 40) * 255).round() / 255
    assert measure_quality(truth + 0.4 / 255, truth, 2)["psnr"].isinf().all()
