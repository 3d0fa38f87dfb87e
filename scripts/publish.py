"""A run as a finished style: `python scripts/publish.py --ckpt last.ckpt`. See README.md."""

from fastnst.publish import main

if __name__ == "__main__":
    main()
