"""Measure trained networks: `python scripts/evaluate.py --ckpt last.ckpt`. See README.md."""

from fastnst.evaluate import main

if __name__ == "__main__":
    main()
