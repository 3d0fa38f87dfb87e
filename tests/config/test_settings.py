import re

import pytest
from small.configs import composed

from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import read_settings
from fastnst.evaluation.tv_search_settings import SearchSettings
from fastnst.machine.errors import UserError
from fastnst.optimization.layer_study_settings import LayerStudySettings
from fastnst.optimization.settings import OptimizeSettings
from fastnst.super_resolution import SuperResolutionSettings

NEEDED = {
    "data=folder": ["data.root=photos"],
    "style=custom": ["style.image=mine.jpg"],
    "trainer=multi_node": ["trainer.num_nodes=2"],
}
FILES = sorted(CONFIGS.rglob("*.yaml"))
OPTIMIZATIONS = [f"experiment={name}" for name in ("gatys2016", "kapur2019", "khan2021")]
OPTIMIZATIONS += ["loss=gatys2016", "loss=kapur2019", "loss=khan2021"]
ENLARGING = [
    *("network=sr", "network=johnson2016_sr", "loss=super_resolution", "experiment=sr_zoo")
]
CHOICES = [f"{path.parent.name}={path.stem}" for path in FILES if path.parent != CONFIGS]


def settings(*overrides):
    return read_settings(composed(*overrides))


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


def test_a_style_may_have_its_own_weight_for_losses_that_are_shares():
    assert settings("style=great_wave").loss.style_weight == 20
    assert settings("style=shipwreck_of_the_minotaur").loss.style_weight == 10
    assert settings("style=great_wave", "loss.style_weight=3").loss.style_weight == 3
    absolute = settings("style=shipwreck_of_the_minotaur", "loss=johnson2016").loss
    assert settings("style=great_wave", "loss=johnson2016").loss == absolute


@pytest.mark.parametrize("choice", OPTIMIZATIONS)
def test_every_optimization_is_valid(choice):
    config = composed(choice, "content=photo.jpg", name="optimize")
    read = read_settings(config, OptimizeSettings)
    assert read.loss_network.name == "vgg19"


@pytest.mark.parametrize("choice", ["loss=gatys2016", "loss=kapur2019", "loss_network=vgg16"])
def test_every_layer_study_is_valid(choice):
    config = composed(choice, "content=photo.jpg", "size=64", name="study_layers")
    read = read_settings(config, LayerStudySettings)
    assert read.style.size == 64
    assert read.style_counts == [1, 3, 5]


@pytest.mark.parametrize("choice", ["style=the_scream", "network=johnson2016", "trainer=gpu"])
def test_every_search_is_valid(choice):
    read = read_settings(composed(choice, name="search_tv"), SearchSettings)
    assert read.trainer["max_steps"] == 300
    assert read.resume == "auto"


@pytest.mark.parametrize("choice", [*ENLARGING, "data=dead_leaves", "trainer=gpu", "scale=8"])
def test_every_training_to_enlarge_is_valid(choice):
    words = ["loss_network=vgg19", choice]
    read = read_settings(composed(*words, name="super_resolution"), SuperResolutionSettings)
    assert read.task == "super_resolution"
    assert read.data.image_size == (192 if choice == "experiment=sr_zoo" else 288)
    assert read.loss_network.pooling == "avg"


@pytest.mark.slow
@pytest.mark.parametrize("choice", [it for it in CHOICES if it not in OPTIMIZATIONS + ENLARGING])
def test_every_file_is_valid(choice):
    group, _, name = choice.partition("=")
    plus = "+" if group not in composed() and group != "experiment" else ""
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("data.batch_size=0", ["data.batch_size=0", "greater than or equal to 1"]),
        ("data.batch_size=2.5", ["data.batch_size=2.5", "integer"]),
        ("data.batch_size=many", ["data.batch_size=many", "integer"]),
        ("data.batch_size=true", ["data.batch_size=true", "number"]),
        ("~data.batch_size", ["data.batch_size", "missing"]),
        ("data.resize=foo", ["data.resize=foo", "'crop'", "'squash'"]),
        ("data.image_size=15", ["data.image_size=15", "16"]),
        ("data.image_size=100000000", ["data.image_size=100000000", "16384"]),
        ("data.workers=100000", ["data.workers=100000", "256"]),
        ("+trainer.limit_train_batches=3", ["trainer.limit_train_batches=3", "fastnst"]),
        ("+trainer.overfit_batches=1", ["trainer.overfit_batches=1", "fastnst"]),
        ("data.workers=-1", ["data.workers=-1", "0"]),
        ("data.cache=ram", ["data.cache=ram", "'none'", "'disk'", "'device'"]),
        ("data.prepared=''", ["data.prepared=", "1 character"]),
        ("data.val_images=0", ["data.val_images=0", "1"]),
        ("data.limit=0", ["data.limit=0", "1"]),
        ("data.max_bad=-0.1", ["data.max_bad=-0.1", "greater than or equal to 0"]),
        ("data.max_bad=5", ["data.max_bad=5", "less than or equal to 1"]),
        ("data.hflip=perhaps", ["data.hflip=perhaps", "boolean"]),
        ("data.categories=dog", ["data.categories=dog", "list"]),
        ("data.name=photos", ["data.name=photos", "'coco', 'folder', 'dead_leaves'"]),
        ("data.licenses=[one]", ["data.licenses.0=one", "integer"]),
        ("+data.colour=red", ["data.colour=red", "no data.colour", "batch_size"]),
        ("+colour=red", ["colour=red", "no colour", "network"]),
        ("optimizer.lr=true", ["optimizer.lr=true", "number"]),
        ("optimizer.lr=-1", ["optimizer.lr=-1", "greater than 0"]),
        ("optimizer.lr=0", ["optimizer.lr=0", "greater than 0"]),
        ("optimizer.lr=nan", ["optimizer.lr=nan", "finite"]),
        ("optimizer.lr=inf", ["optimizer.lr=inf", "finite"]),
        ("optimizer.clip=0", ["optimizer.clip=0", "greater than 0"]),
        ("optimizer.schedule=step", ["optimizer.schedule=step", "'constant'", "'cosine'"]),
        ("optimizer.name=lion", ["optimizer", "lion", "'adam'", "'sgd'"]),
        ("network.norm=layer", ["network.norm=layer", "'instance'", "'batch'"]),
        ("network.width=0", ["network.width=0", "1"]),
        ("network.width=true", ["network.width=true", "number"]),
        ("network.upsample=cubic", ["network.upsample=cubic", "'nearest'", "'transposed'"]),
        ("loss_network.name=vgg11", ["loss_network.name=vgg11", "'vgg16'", "'vgg19'"]),
        ("loss_network.pooling=min", ["loss_network.pooling=min", "'max'", "'avg'"]),
        ("loss_network.normalization=no", ["loss_network.normalization=no", "'caffe'"]),
        ("loss.measure=l1", ["loss.measure=l1", "'relative'", "'johnson2016'"]),
        ("loss.tv_weight=-1", ["loss.tv_weight=-1", "greater than or equal to 0"]),
        ("loss.style_weight=nan", ["loss.style_weight=nan", "finite"]),
        ("loss.style_layers.relu1_2=0", ["loss.style_layers.relu1_2=0", "greater than 0"]),
        ("loss.style_layers=null", ["loss.style_layers=null", "dict"]),
        ("+loss.style_layers.relu3_4=1", ["loss.style_layers.relu3_4", "vgg16", "relu3_3"]),
        ("+loss.content_layers.conv1=1", ["loss.content_layers.conv1", "vgg16", "relu3_3"]),
        ("style.size=8", ["style.size=8", "16"]),
        ("style.name=a/b", ["style.name=a/b", "pattern"]),
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
    with pytest.raises(UserError, match=r"data\.root: .*nowhere"):
        settings("data.root=${nowhere}")


@pytest.mark.parametrize(
    ("change", "meant"),
    [
        ("+data.batchsize=2", "data.batch_size"),
        ("+batch_size=2", "data.batch_size"),
        ("+batchsize=2", "data.batch_size"),
        ("+sede=2", "seed"),
        ("+pooling=avg", "loss_network.pooling"),
        ("data.resize=corp", "crop"),
        ("data.name=foldr", "folder"),
        ("model_dtype=float_16", "float16"),
        ("+loss.style_layers.relu3_33=1", "relu3_3"),
        ("trainer.accelerator=cpuu", "cpu"),
        ("+trainer.profilr=simple", "profiler"),
    ],
)
def test_what_is_close_is_suggested(change, meant):
    with pytest.raises(UserError, match=rf"\(did you mean {meant}\b.*\?\)"):
        settings(change)


@pytest.mark.parametrize("change", ["+data.xyz=1", "data.resize=xyz", "+loss.style_layers.xyz=1"])
def test_what_is_not_close_is_not_suggested(change):
    with pytest.raises(UserError, match="xyz") as caught:
        settings(change)
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        (
            ["loss.content_weight=0", "loss.style_weight=0", "loss.tv_weight=0"],
            ["loss.content_weight", "loss.style_weight", "loss.tv_weight"],
        ),
        (["trainer.accelerator=mps", "trainer.strategy=ddp"], ["accelerator=mps", "strategy=ddp"]),
        (["trainer.accelerator=mps", "trainer.num_nodes=2"], ["accelerator=mps", "num_nodes=2"]),
        (["+trainer.limit_train_batches=0"], ["trainer.limit_train_batches=0"]),
    ],
)
def test_impossible_combinations_are_named(changes, keys):
    with pytest.raises(UserError) as caught:
        settings(*changes)
    for key in keys:
        assert key in str(caught.value)


@pytest.mark.parametrize("weight", ["content", "style", "tv"])
def test_one_term_of_the_loss_is_enough(weight):
    others = {"content", "style", "tv"} - {weight}
    assert settings(*(f"loss.{other}_weight=0" for other in others))


def test_settings_are_fixed():
    read = settings()
    with pytest.raises(ValueError, match="frozen"):
        read.data.batch_size = 3
