"""In the processes of a loader, and called from what is compiled."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from fastnst.augment import RandomStyle

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def painted_by(augment, context="fork", processes=2):
    """One picture, painted four times by processes of a loader in turn."""
    picture = torch.linspace(0, 1, 3 * 16 * 16).view(3, 16, 16)
    loader = DataLoader(
        [picture] * 4,
        num_workers=processes,
        collate_fn=v2.Compose([torch.stack, augment]),
        multiprocessing_context=context,
    )
    return torch.cat([*loader])


def test_each_process_of_a_loader_draws_its_own_and_each_epoch_others(folder):
    augment = RandomStyle(p=1, network=folder)
    torch.manual_seed(0)
    epochs = torch.cat([painted_by(augment), painted_by(augment)])
    assert len(epochs.flatten(1).unique(dim=0)) == 8
    torch.manual_seed(0)
    assert torch.equal(painted_by(augment), epochs[:4])


def test_with_a_seed_each_process_draws_its_own_and_the_same_again(folder):
    augment = RandomStyle(p=1, network=folder, seed=3)
    augment(torch.rand(3, 16, 16))  # in the main process, which has begun to draw
    first = painted_by(augment)
    assert len(first.flatten(1).unique(dim=0)) == 4
    torch.manual_seed(1)
    assert torch.equal(painted_by(RandomStyle(p=1, network=folder, seed=3)), first)


def test_a_process_that_shares_no_memory_paints_the_same(folder):
    augment = RandomStyle(p=1, network=folder, seed=3)
    augment(torch.rand(3, 16, 16))
    spawned = painted_by(augment, "spawn", 1)
    torch.testing.assert_close(spawned, painted_by(augment, "fork", 1))


def test_what_is_around_it_can_be_compiled(folder, batch):
    classifier = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    pictures = batch(2, 16)
    classifier(pictures)

    def step(augment):
        return classifier(2 * augment(pictures / 2)).square().mean()

    plain = step(RandomStyle(p=1, network=folder, seed=0))
    computed = []

    def backend(graph, _):
        computed.extend(str(node.target) for node in graph.graph.nodes)
        return graph

    compiled = torch.compile(step, backend=backend)(RandomStyle(p=1, network=folder, seed=0))
    torch.testing.assert_close(compiled, plain, rtol=1e-3, atol=1e-4)
    # without what paints, which would be compiled anew for each number of pictures
    assert sum("conv" in target for target in computed) == 1
    compiled.backward()
    assert all(weights.grad is not None for weights in classifier.parameters())
