"""What a user can get wrong in the settings ends in one sentence, before anything is written."""

import sys

import pytest
from small.runs import fails

from fastnst.commands.train import main


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        # keys
        ("data.batchsize=2", ["data.batchsize=2", "(did you mean data.batch_size?)", "workers"]),
        ("+data.batchsize=2", ["data.batchsize=2", "(did you mean data.batch_size?)", "workers"]),
        ("batch_size=2", ["batch_size=2", "(did you mean data.batch_size?)"]),
        ("dta.batch_size=2", ["dta.batch_size=2", "no dta", "(did you mean data?)"]),
        ("styel=great_wave", ["styel=great_wave", "(did you mean style?)", "network"]),
        ("experimnet=demo", ["experimnet=demo", "(did you mean experiment?)"]),
        ("hydra.run.dri=x", ["hydra.run.dri=x", "(did you mean hydra.run.dir?)"]),
        ("seed.x=1", ["seed.x=1", "no keys in seed"]),
        ("trainer.max_stepz=2", ["trainer.max_stepz=2", "(did you mean trainer.max_steps?)"]),
        ("+trainer.max_stepz=2", ["trainer.max_stepz=2", "(did you mean max_steps?)"]),
        ("trainer.profiler=simple", ["trainer.profiler=simple", "plus sign"]),
        ("loss.style_layers.relu1_1=1", ["loss.style_layers.relu1_1=1", "plus sign"]),
        ("+data.batch_size=2", ["data.batch_size", "plus sign"]),
        ("~data.foo", ["data.foo"]),
        ("data/foo=bar", ["data/foo=bar"]),
        # choices
        (
            "style=starry_nigth",
            ["style=starry_nigth", "(did you mean starry_night?)", "great_wave"],
        ),
        ("style=monet", ["style=monet", "starry_night", "great_wave"]),
        ("+style=great_wave", ["style", "plus sign"]),
        ("style@here=great_wave", ["style@here"]),
        ("data=null", ["data=null", "coco, dead_leaves, folder"]),
        ("trainer=[1]", ["trainer=[1]", "cpu, ddp, default"]),
        ("--config-name=other", ["other"]),
        # values
        ("data.batch_size=0", ["data.batch_size=0", "greater"]),
        ("compile=maybe", ["compile=maybe", "'auto'", "True", "False"]),
        ("tf32=3", ["tf32=3", "boolean"]),
        ("loss_network.weights=pretraned", ["loss_network.weights=pretraned", "pretrained"]),
        ("trainer.precision=17", ["trainer.precision=17", "'bf16-mixed'"]),
        ("+loss.style_layers.relu9_1=1", ["relu9_1", "relu3_3"]),
        ("data=folder", ["data.root", "data.root=<value>"]),
        ("style=custom", ["style.image", "style.image=<value>"]),
        ("trainer=multi_node", ["trainer.num_nodes=null"]),
        ("data.prepared=${nowhere}", ["data.prepared", "nowhere"]),
        ("hydra.run.dir=${nowhere}", ["hydra.run.dir", "nowhere"]),
        ("hydra.mode=x", ["hydra.mode=x", "RUN, MULTIRUN"]),
        # combinations
        ("loss.content_weight=0 loss.style_weight=0 loss.tv_weight=0", ["loss.tv_weight", "learn"]),
        ("trainer.precision=16-mixed", ["precision=16-mixed", "accelerator=cpu"]),
        ("+trainer.profiler=simpel", ["simple"]),
        # the command line itself
        ("=(", ["=(", "key=value"]),
        ("style.title=it's", ["style.title=it's", "quotes"]),
        ("starry_night", ["starry_night", "(did you mean style=starry_night?)"]),
        ("xyz", ["xyz", "such as style=starry_night"]),
        ("style=great_wave,the_scream", ["style=great_wave,the_scream", "--multirun"]),
        ("data.batch_size=choice(1,2)", ["data.batch_size=choice(1,2)", "--multirun"]),
        ("--multirn", ["--multirn", "(did you mean --multirun?)"]),
        ("--cfg=jobs", ["--cfg", "jobs", "job"]),
        ("--multirun seed=1,2", ["seed=1,2", "flags"]),
        ("--resolve", ["--resolve", "--cfg"]),
        ("--cfg=job --multirun", ["--cfg and --multirun"]),
        # sweeps
        ("seed=1,2 data.batch_size=0 --multirun", ["data.batch_size=0", "greater"]),
        ("style=starry_nigth,the_scream --multirun", ["(did you mean starry_night?)"]),
        ("resume=nowhere.ckpt", ["resume=nowhere.ckpt", "no such file"]),
        ("resume=Auto", ["resume=Auto", "did you mean auto?"]),
        ("style.image=nowhere.jpg", ["style.image=nowhere.jpg", "no such file"]),
        ("loss_network.weights=nowhere.pth", ["loss_network.weights=nowhere.pth", "no such file"]),
        ("data=folder data.root=nowhere", ["data.root=nowhere", "no such folder"]),
    ],
)
def test_a_mistake_ends_in_one_sentence_and_leaves_nothing(
    arguments, words, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    data = [] if "data=" in arguments else ["data=dead_leaves"]
    sentence = fails(capsys, monkeypatch, *data, *arguments.split())
    for word in words:
        assert word in sentence
    if not arguments.startswith("style=starry_nigth,"):  # of which only Hydra knows, in its folder
        assert [*tmp_path.iterdir()] == []


def test_flags_of_hydra_still_work(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", "seed=5", "data.batch_size=0", "--cfg=job"])
    main()
    assert "seed: 5\n" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["train.py", "--help"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert "great_wave" in capsys.readouterr().out
    assert [*tmp_path.iterdir()] == []


def test_an_error_of_the_program_keeps_its_traceback(tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fastnst.commands.train.train", broken)
    monkeypatch.setattr(sys, "argv", ["train.py", "data=dead_leaves"])
    with pytest.raises(ValueError, match="a mistake of ours"):
        main()


def test_settings_may_refer_to_the_run_folder(tmp_path, monkeypatch):
    read = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "fastnst.commands.train.train", lambda settings, folder: read.append(settings)
    )
    prepared = "data.prepared=${hydra:runtime.output_dir}/prepared"
    arguments = ["data=dead_leaves", "trainer.accelerator=cpu", "hydra.run.dir=here", prepared]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    main()
    assert read[0].data.prepared == str(tmp_path / "here" / "prepared")
