"""Logging, which Hydra sets up for all that comes after it too."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_logging() -> Iterator[None]:
    """Leave it as it was: files that were opened for it are closed."""
    logger = logging.getLogger()
    handlers, level = [*logger.handlers], logger.level
    yield
    for handler in {*logger.handlers} - {*handlers}:
        handler.close()
    logger.handlers[:] = handlers
    logger.setLevel(level)
