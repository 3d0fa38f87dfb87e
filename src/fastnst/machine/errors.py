"""Errors that a user can cause: one clear sentence and a non-zero exit code, never a traceback."""

import sys
from collections.abc import Generator
from contextlib import contextmanager


class UserError(Exception):
    """Something the user can mend. The message says what is wrong, where, and what to do."""

    def __init__(self, sentence: str) -> None:
        # a loader process hands an exception on as text, with its traceback before the sentence
        super().__init__(sentence.rsplit(f"{type(self).__name__}: ", 1)[-1])


@contextmanager
def one_sentence_errors(leave: bool = True) -> Generator[None]:
    """End the program with exit code 2 and one line on stderr for a `UserError`, and for what the
    system refuses (a full disk, a folder that may not be written); quietly on Ctrl-C.

    Args:
        leave: end the program; else print the line and hand the error on, as one run of several.
    """
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except (UserError, OSError) as error:
        sentence = " ".join(str(error).split())
        print(f"error: {sentence}", file=sys.stderr)
        if not leave:
            raise UserError(sentence) from error
        sys.exit(2)
