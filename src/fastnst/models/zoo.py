"""The zoo: the styles that fastnst was trained on itself, in `models/`, by name."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from fastnst.machine import UserError

PACKAGED = Path(__file__).parents[1] / "finished"
MODELS = PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[3] / "models"
ENDING = ".style.safetensors"  # of the file of a style that shares a network
TRUNK = MODELS / "many_styles.safetensors"  # the network that finished styles share
# the same styles in other networks, in files of the same names: in a small one, and in one that
# paints frames of videos alike, which the small one does as well
LIGHT, CALM = MODELS / "light", MODELS / "calm"
# networks of styles, by the names that a training may begin with
TRUNKS = {
    TRUNK.stem: TRUNK,
    **{folder.name: folder / TRUNK.name for folder in (LIGHT, CALM)},
}
ENLARGER = MODELS / "super_resolution" / "x4.safetensors"  # a network that enlarges pictures


class Card(BaseModel):
    """What is known of a finished style; `models/<name>.json`.

    Attributes:
        name, title, artist, year: of the style.
        recipe: the command that trained it, without the paths of a machine.
        iterations: that it was trained for.
        content, style: errors on photographs that it has not seen, as shares of their targets.
        photographs, size: how many those were, and their side in pixels.
        equivalent_iterations: of optimisation, to bring the same loss as low; for each photograph
            that was optimised, None where the last iteration had not.
        sha256: of the model file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    artist: str
    year: str
    recipe: str
    iterations: int
    content: float
    style: float
    photographs: int
    size: int
    equivalent_iterations: list[int | None]
    sha256: str

    @property
    def label(self) -> str:
        """Title, artist and year in one line."""
        return f"{self.title}, {self.artist}, {self.year}"


def read_cards(folder: Path) -> list[Card]:
    """Those of a folder, in the order of their names.

    Raises:
        UserError: if one is damaged.
    """
    cards: list[Card] = []
    for path in sorted(folder.glob("*.json")):
        try:
            cards.append(Card.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise UserError(f"{path} is damaged: install fastnst again.") from error
    return cards


def finished_styles() -> list[Card]:
    """All finished styles.

    Raises:
        UserError: if there are none, or a card is damaged.
    """
    cards = read_cards(MODELS)
    if not cards:
        raise UserError(f"There are no finished styles in {MODELS}: install fastnst again.")
    return cards


def finished_model(name: str, shared: bool = False) -> Path:
    """The file of a finished style: of a network of its own, or of what it is in the shared one.

    Args:
        name: of the style.
        shared: take the latter where there are both; else the former.

    Raises:
        UserError: if there is no such style, naming those that there are.
    """
    names = [card.name for card in finished_styles()]
    if name not in names:
        raise UserError(f"{name} is no finished style; there are {', '.join(names)}.")
    files = [MODELS / f"{name}.safetensors", MODELS / f"{name}{ENDING}"]
    first, second = reversed(files) if shared else files
    return first if first.is_file() else second


def finished_enlarger() -> Path:
    """The file of the network for super-resolution that comes with fastnst.

    Raises:
        UserError: if none does.
    """
    if not ENLARGER.is_file():
        raise UserError(
            f"No network for super-resolution comes with this fastnst, there is no {ENLARGER}: "
            f"give one that you trained with --ckpt."
        )
    return ENLARGER


def in_network(folder: Path, styles: Iterable[Path]) -> dict[Path, Path]:
    """What finished styles are in another network.

    Args:
        folder: of the network, `LIGHT` or `CALM`.
        styles: files of any styles.

    Returns:
        All of them with the file that takes their place, or nothing if one of them has none: styles
        of two networks can be neither mixed nor walked between.
    """
    found = {path: folder / f"{path.name.partition('.')[0]}{ENDING}" for path in styles}
    there = all(path.parent == MODELS and other.is_file() for path, other in found.items())
    return found if there else {}


def thumbnail_file(name: str, folder: Path) -> Path:
    """A photograph painted in a finished style."""
    return folder / f"{name}.jpg"


def listing() -> str:
    """All finished styles, one in each line, with their thumbnails."""
    cards = finished_styles()
    names, labels = ([getattr(card, what) for card in cards] for what in ("name", "label"))
    widths = max(map(len, names)), max(map(len, labels))
    return "\n".join(
        f"{card.name:{widths[0]}}  {card.label:{widths[1]}}  {thumbnail_file(card.name, MODELS)}"
        for card in cards
    )
