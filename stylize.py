"""Repaint photographs: `python stylize.py --ckpt last.ckpt photo.jpg`."""

from fastnst.commands.stylize import main

if __name__ == "__main__":
    main()
