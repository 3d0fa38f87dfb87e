"""fastnst: train and use fast (feed-forward) neural style transfer networks.

`from fastnst import Stylizer` paints pictures, `Upscaler` enlarges them. The rooms below are
libraries of their own, such as `fastnst.losses` and `fastnst.networks`.
"""

from typing import TYPE_CHECKING, Any

from fastnst.version import VERSION as __version__

if TYPE_CHECKING:
    from fastnst.stylizing import Stylizer
    from fastnst.upscaling import Upscaler

__all__ = ["Stylizer", "Upscaler", "__version__"]


def __getattr__(name: str) -> Any:
    # when it is first asked for: `fastnst --help` is not to wait for PyTorch
    if name == "Stylizer":
        from fastnst.stylizing import Stylizer

        return Stylizer
    if name == "Upscaler":
        from fastnst.upscaling import Upscaler

        return Upscaler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
