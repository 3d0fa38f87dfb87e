"""Optimise a picture: `python scripts/optimize.py content=photo.jpg`. See README.md."""

from fastnst.optimize import main

if __name__ == "__main__":
    main()
