"""The README's gallery: `python scripts/gallery.py -o docs/gallery.jpg`."""

from fastnst.gallery import main

if __name__ == "__main__":
    main()
