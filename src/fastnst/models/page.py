"""`models/README.md`: what is told of the finished styles."""

from collections.abc import Sequence
from pathlib import Path

from fastnst.models.zoo import CALM, LIGHT, Card

HEAD = """# Finished styles

Styles that fastnst learnt, ready to use: `fastnst stylize --style <name> photo.jpg`. Some have a
network of their own, the others share `many_styles.safetensors`. These have seen paintings, which
are in the public domain, and drawn pictures (`data=dead_leaves`), no photographs; they are free for
any use (CC0 1.0).

Their losses come from the original VGG19 of Karen Simonyan and Andrew Zisserman (CC BY 4.0), in a
file that was named with `loss_network.weights=`. Without that the commands below train against
torchvision's VGG19, which others trained anew, and the result is another one. The shared network
and that of The Great Wave were trained in several goes, of which a card names the last; all of
them are told in `docs/measure/finished_styles.md`.

Weights are float16. Content and style error are shares of their targets, see
`docs/measure/evaluation.md`; *equivalent iterations* are those of L-BFGS that bring the same loss
as low, on some of the photographs. `fastnst publish` wrote this page and everything in this folder.
"""
# of the other networks, which have no pictures: the styles are the same
OTHERS = {
    LIGHT.name: """# The light network

The [finished styles](../README.md) in a small network (`network=light`), for the webcam on a
processor and for the page in the browser. It has learnt to paint frames that follow each other
alike. It was trained in three goes, of which a card names the last; all of them are told in
`docs/measure/finished_styles.md`. What is said there of rights and of the files holds here.
""",
    CALM.name: """# The calm network

The [finished styles](../README.md) in the network that paints videos: taught on from the one there
to paint frames that follow each other alike (`motion=synthetic`), in several goes, of which a card
names the last; all of them are told in `docs/measure/finished_styles.md`. What is said there of
rights and of the files holds here.
""",
}


def cards_page(cards: Sequence[Card], folder: Path) -> str:
    """`README.md` of a folder of finished styles."""
    picture = folder.name not in OTHERS
    head = HEAD if picture else OTHERS[folder.name]
    return "\n".join([head, *(_section(card, picture) for card in cards)])


def _section(card: Card, picture: bool) -> str:
    counts = ["not reached" if it is None else str(it) for it in card.equivalent_iterations]
    equivalent = ", ".join(counts) or "not measured"
    shown = f"![A cat, painted so]({card.name}.jpg)\n\n" if picture else ""
    return f"""## `{card.name}`

{shown}{card.label}.

| | |
|---|---|
| iterations | {card.iterations} |
| content error | {card.content:.3f} |
| style error | {card.style:.3f} |
| measured on | {card.photographs} photographs of {card.size}x{card.size} |
| equivalent iterations | {equivalent} |
| SHA-256 | `{card.sha256}` |
| licence | CC0 1.0 |

```sh
{card.recipe}
```
"""
