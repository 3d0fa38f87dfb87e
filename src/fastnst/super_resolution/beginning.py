"""What a training of super-resolution begins with, if not with random weights."""

from torch import Tensor

from fastnst.machine import UserError
from fastnst.models import read_enlarger
from fastnst.super_resolution.settings import SuperResolutionSettings


def first_weights(settings: SuperResolutionSettings) -> dict[str, Tensor] | None:
    """The weights of the network that `init` names, None if it names none.

    Raises:
        UserError: if there is no such network, or it is another one than the run's.
    """
    if settings.init is None:
        return None
    try:
        there = read_enlarger(settings.init)
    except UserError as error:
        raise UserError(f"init={settings.init}: {error}") from error
    if there.architecture != settings.architecture:
        has, needed = (
            ", ".join(f"{key} {value}" for key, value in sorted(one.items()))
            for one in (there.architecture, settings.architecture)
        )
        raise UserError(
            f"init={settings.init} does not fit: it is a network with {has}, and the run's is one "
            f"with {needed}; set the same, or leave out init."
        )
    state = there.network.state_dict()
    if not all(value.isfinite().all() for value in state.values()):
        raise UserError(f"init={settings.init}: not all of its weights are finite; give another.")
    return state
