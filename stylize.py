"""Repaint photographs: `python stylize.py --ckpt last.ckpt photo.jpg`. See README.md."""

from fastnst.stylize import main

if __name__ == "__main__":
    main()
