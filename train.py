"""Train a style: `python train.py style=starry_night`."""

from fastnst.commands.train import main
from fastnst.streams import prepare_streams

if __name__ == "__main__":
    prepare_streams()
    main()
