"""Libraries that fastnst does without until they are needed."""

import importlib
from types import ModuleType

from fastnst.machine.errors import UserError


def load_library(name: str, extra: str = "video") -> ModuleType:
    """Import a library that is optional, such as `av` or `cv2`.

    Args:
        name: of the module.
        extra: of fastnst, that it comes with.

    Raises:
        UserError: if it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(f"This needs {name} ({error}): pip install 'fastnst[{extra}]'.") from error
