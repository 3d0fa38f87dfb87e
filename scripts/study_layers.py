"""Compare layers: `python scripts/study_layers.py content=photo.jpg`. See README.md."""

from fastnst.layer_study import main

if __name__ == "__main__":
    main()
