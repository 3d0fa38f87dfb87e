import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from fastnst.errors import UserError
from fastnst.settings import read_settings

CONFIGS = Path(__file__).parents[1] / "configs"
NEEDED = {"data=folder": ["data.root=photos"], "style=custom": ["style.image=mine.jpg"]}
FILES = sorted(CONFIGS.rglob("*.yaml"))
CHOICES = [f"{path.parent.name}={path.stem}" for path in FILES if path.parent != CONFIGS]


@pytest.fixture(scope="module", autouse=True)
def configs():
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        yield


def settings(*overrides):
    return read_settings(compose("train", list(overrides)))


def test_the_default_is_valid():
    default = settings()
    assert default.style.name == "starry_night"
    assert default.network.model_dump() == {
        "name": "resnet",
        "width": 32,
        "blocks": 5,
        "norm": "instance",
        "upsample": "nearest",
    }


def test_every_group_is_there():
    groups = {choice.partition("=")[0] for choice in CHOICES}
    assert groups >= {"data", "loss", "loss_network", "network", "optimizer", "style", "trainer"}


@pytest.mark.parametrize("choice", CHOICES)
def test_every_file_is_valid(choice):
    group, _, name = choice.partition("=")
    plus = "+" if group not in compose("train") and group != "experiment" else ""
    read = settings(f"{plus}{choice}", *NEEDED.get(choice, []))
    if group in ("data", "loss_network", "network", "optimizer", "style"):
        assert getattr(read, group).name == name


EXPLAINED = [path for path in FILES if path.parent.name != "experiment"]  # those only choose


@pytest.mark.parametrize("path", EXPLAINED, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_every_key_is_explained(path):
    lines = path.read_text().splitlines()
    keys = [(number, match[1]) for number, line in enumerate(lines)
            if (match := re.match(r"(\w+):", line))]  # fmt: skip
    assert keys
    for number, key in keys:
        if key not in ("name", "measure", "defaults", "hydra"):
            assert lines[number - 1].startswith("# "), f"{key} has no comment above it"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.batch_size=0", ["data.batch_size=0", "greater than or equal to 1"]),
        ("data.batch_size=2.5", ["data.batch_size=2.5", "integer"]),
        ("data.batch_size=many", ["data.batch_size=many", "integer"]),
        ("data.resize=foo", ["data.resize=foo", "'crop'", "'squash'"]),
        ("data.image_size=15", ["data.image_size=15", "16"]),
        ("data.workers=-1", ["data.workers=-1", "0"]),
        ("data.cache=ram", ["data.cache=ram", "'none'", "'disk'", "'device'"]),
        ("data.prepared=''", ["data.prepared=", "1 character"]),
        ("data.val_images=0", ["data.val_images=0", "1"]),
        ("data.limit=0", ["data.limit=0", "1"]),
        ("data.max_bad=-0.1", ["data.max_bad=-0.1", "greater than or equal to 0"]),
        ("data.max_bad=5", ["data.max_bad=5", "less than or equal to 1"]),
        ("data.hflip=perhaps", ["data.hflip=perhaps", "boolean"]),
        ("data.categories=dog", ["data.categories=dog", "list"]),
        ("data.name=photos", ["data", "photos", "coco", "folder", "dead_leaves"]),
        ("+data.colour=red", ["data.colour=red", "not permitted"]),
        ("optimizer.lr=-1", ["optimizer.lr=-1", "greater than 0"]),
        ("optimizer.lr=0", ["optimizer.lr=0", "greater than 0"]),
        ("optimizer.lr=nan", ["optimizer.lr=nan", "finite"]),
        ("optimizer.lr=inf", ["optimizer.lr=inf", "finite"]),
        ("optimizer.clip=0", ["optimizer.clip=0", "greater than 0"]),
        ("optimizer.schedule=step", ["optimizer.schedule=step", "'constant'", "'cosine'"]),
        ("optimizer.name=lion", ["optimizer", "lion", "'adam'", "'sgd'"]),
        ("network.norm=layer", ["network.norm=layer", "'instance'", "'batch'"]),
        ("network.width=0", ["network.width=0", "1"]),
        ("network.upsample=cubic", ["network.upsample=cubic", "'nearest'", "'transposed'"]),
        ("loss_network.name=vgg11", ["loss_network.name=vgg11", "'vgg16'", "'vgg19'"]),
        ("loss_network.pooling=min", ["loss_network.pooling=min", "'max'", "'avg'"]),
        ("loss_network.normalization=no", ["loss_network.normalization=no", "'caffe'"]),
        ("loss.measure=l1", ["loss.measure=l1", "'relative'", "'johnson2016'"]),
        ("loss.tv_weight=-1", ["loss.tv_weight=-1", "greater than or equal to 0"]),
        ("loss.style_weight=nan", ["loss.style_weight=nan", "finite"]),
        ("loss.style_layers.relu1_2=0", ["loss.style_layers.relu1_2=0", "greater than 0"]),
        ("loss.style_layers=null", ["loss.style_layers=None", "dict"]),
        ("+loss.style_layers.relu3_4=1", ["loss.style_layers.relu3_4", "vgg16", "relu3_3"]),
        ("+loss.content_layers.conv1=1", ["loss.content_layers.conv1", "vgg16", "relu3_3"]),
        ("style.size=8", ["style.size=8", "16"]),
        ("style.name=a/b", ["style.name=a/b", "pattern"]),
        ("trainer.max_steps=0", ["trainer", "max_steps", "at least 1"]),
        ("trainer.max_steps=-1", ["trainer", "max_steps", "at least 1"]),
        ("trainer.max_steps=1.5", ["trainer", "max_steps", "integer"]),
        ("trainer.max_steps=null", ["trainer", "max_steps", "integer"]),
        ("+trainer.max_stepz=1", ["trainer", "max_stepz", "max_time"]),
        ("+trainer.logger=true", ["trainer", "logger", "max_time"]),
        ("seed=-1", ["seed=-1", "0"]),
        ("seed=4294967296", ["seed=4294967296", "4294967296"]),
        ("log_every=0", ["log_every=0", "1"]),
        ("sample_every=0", ["sample_every=0", "1"]),
        ("checkpoint_every=0", ["checkpoint_every=0", "1"]),
        ("model_dtype=int8", ["model_dtype=int8", "'float32'", "'float16'"]),
    ],
)
def test_wrong_values_are_named_with_what_is_allowed(change, words):
    with pytest.raises(UserError) as caught:
        settings(change)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message


def test_layers_are_those_of_the_chosen_vgg():
    read = settings("loss_network=vgg19", "+loss.style_layers.relu3_4=1")
    assert read.loss.style_layers["relu3_4"] == 1


def test_an_empty_set_of_layers_is_refused():
    with pytest.raises(UserError, match=r"loss\.content_layers"):
        settings("~loss.content_layers.relu2_2")


def test_a_folder_must_be_named():
    with pytest.raises(UserError, match=r"data\.root"):
        settings("data=folder")


def test_every_mistake_is_named():
    with pytest.raises(UserError, match=r"data\.batch_size=0.*; optimizer\.lr=-1"):
        settings("data.batch_size=0", "optimizer.lr=-1")


def test_a_broken_reference_is_named():
    with pytest.raises(UserError, match="nowhere"):
        settings("data.root=${nowhere}")


@pytest.mark.parametrize(
    "change", ["+trainer.profiler=simple", "trainer.devices=[0,1]", "+trainer.limit_val_batches=2"]
)
def test_lightnings_own_options_pass(change):
    key, _, _ = change.lstrip("+").removeprefix("trainer.").partition("=")
    assert key in settings(change).trainer


def test_settings_are_fixed():
    read = settings()
    with pytest.raises(ValueError, match="frozen"):
        read.data.batch_size = 3
