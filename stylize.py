"""Repaint photographs: `python stylize.py --ckpt last.ckpt photo.jpg`."""

from fastnst.commands.stylize import main
from fastnst.streams import prepare_streams

if __name__ == "__main__":
    prepare_streams()
    main()
