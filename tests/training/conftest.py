"""What tests of trainings share."""

import pytest

from fastnst.commands.train import main


@pytest.fixture
def train_in(tmp_path, command_line):
    """Trains in this process, in a folder by its name; gives the folder."""

    def train(folder, *arguments):
        command_line(f"hydra.run.dir={folder}", *arguments)
        main()
        return tmp_path / folder

    return train
