"""Train a style: `python train.py style=starry_night`. See README.md."""

from fastnst.train import main

if __name__ == "__main__":
    main()
