"""Prepare pictures: `python scripts/prepare_coco.py data.root=/data/coco`. See data/README.md."""

from fastnst.prepare import main

if __name__ == "__main__":
    main()
