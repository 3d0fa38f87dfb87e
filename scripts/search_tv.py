"""Choose a style's weight of total variation: `python scripts/search_tv.py style=great_wave`. See
README.md."""

from fastnst.tv_search import main

if __name__ == "__main__":
    main()
