"""Which files the training photographs are: a folder's, or those of a COCO annotation file."""

import contextlib
import io
import random
from collections.abc import Collection
from pathlib import Path

from pycocotools.coco import COCO

from fastnst.images import list_images
from fastnst.machine import UserError, from_home

BUNDLED = Path(__file__).parent / "photographs"  # public domain and CC0, see the README there


def folder_files(root: str | Path) -> list[Path]:
    """Every picture in a folder and the folders in it, sorted.

    Raises:
        UserError: if there is no such folder or no picture in it.
    """
    root = _folder(root)
    files = list_images(root)
    if not files:
        raise UserError(f"There are no images in {root}: check data.root.")
    return files


def coco_files(
    root: str | Path,
    annotations: str | Path | None = None,
    categories: Collection[str] | None = None,
    licenses: Collection[int] | None = None,
) -> tuple[list[Path], list[Path]]:
    """The photographs that a COCO annotation file lists, sorted: those that are there, and those
    that are not.

    Args:
        root: folder of the photographs, or of COCO's unpacked archives.
        annotations: the annotation file; None looks where COCO's archives put it and for
            `<root>/annotations.json`.
        categories: keep photographs that show any of these, such as `dog`.
        licenses: keep photographs under any of these licence numbers.

    Raises:
        UserError: if the annotation file or the folder is missing, or no photograph is left.
    """
    root = _folder(root)
    path = _annotations(root) if annotations is None else from_home(annotations)
    if not path.is_file():
        raise UserError(f"There is no COCO annotation file {path}: check data.annotations.")
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints as it reads
            coco = COCO(path)
        images = coco.loadImgs(_image_ids(coco, categories))
        names = [
            Path(image["file_name"])
            for image in images
            if licenses is None or image.get("license") in licenses
        ]
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise UserError(f"{path} is not a COCO annotation file: check data.annotations.") from error
    if not names:
        raise UserError(
            f"No photograph in {path} passes data.categories={categories} and "
            f"data.licenses={licenses}: ask for fewer conditions."
        )
    split = root / path.stem.removeprefix("instances_")
    folder = split if path.stem.startswith("instances_") and split.is_dir() else root
    files = sorted(folder / name for name in names)
    present = [file for file in files if _is_there(file)]
    if not present:
        raise UserError(
            f"None of the {len(files)} photographs that {path} lists is in {folder}: "
            f"check data.root."
        )
    return present, sorted({*files} - {*present})


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name longer than the system allows, a folder that may not be entered
        return False


def _folder(root: str | Path) -> Path:
    root = from_home(root)
    if not root.is_dir():
        raise UserError(f"There is no folder {root}: check data.root.")
    return root


def _annotations(root: Path) -> Path:
    places = [
        root / "annotations.json",
        root.parent / "annotations" / f"instances_{root.name}.json",
        *(root / "annotations" / f"instances_train{year}.json" for year in (2017, 2014)),
    ]
    for place in places:
        if place.is_file():
            return place
    raise UserError(
        f"There are no COCO annotations for {root} (looked for "
        f"{', '.join(map(str, places))}): name the file with data.annotations=<file>, or train on "
        f"any folder of pictures with data=folder data.root={root}."
    )


def _image_ids(coco: COCO, categories: Collection[str] | None) -> list[int]:
    if categories is None:
        return coco.getImgIds()
    known = {category["name"]: category["id"] for category in coco.loadCats(coco.getCatIds())}
    for name in categories:
        if name not in known:
            raise UserError(
                f"data.categories: there is no {name}; there are {', '.join(sorted(known))}."
            )
    return sorted({image for name in categories for image in coco.getImgIds(catIds=[known[name]])})


def hold_out(files: list[Path], val_images: int) -> tuple[list[Path], list[Path]]:
    """Hold out some files, the same ones each time; at most half of a small set.

    Returns:
        Files to train with, and those held out.

    Raises:
        UserError: if there is but one.
    """
    if len(files) < 2:
        raise UserError(f"{files[0]} is the only image: training needs at least two.")
    files = random.Random(0).sample(files, len(files))
    count = min(val_images, len(files) // 2)
    return files[count:], files[:count]
