"""Types that several groups of settings share."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from fastnst.machine import UserError, from_home
from fastnst.networks import SMALLEST_SIDE


def _refuse_bool(value: object) -> object:
    if isinstance(value, bool):  # which pydantic would take for 0 or 1
        raise ValueError("should be a number")
    return value


def _from_home(value: str) -> str:
    if not value.startswith("~"):
        return value
    try:
        return str(from_home(value))
    except UserError as error:  # of which pydantic says the key
        raise ValueError("there is no such home folder here; write it in full") from error


NoBool = BeforeValidator(_refuse_bool)
Count = Annotated[int, NoBool, Field(ge=1)]
Weight = Annotated[float, NoBool, Field(ge=0)]
Positive = Annotated[float, NoBool, Field(gt=0)]
Share = Annotated[float, NoBool, Field(ge=0, le=1)]
LayerWeights = Annotated[dict[str, Positive], Field(min_length=1)]
ImageSide = Annotated[int, NoBool, Field(ge=SMALLEST_SIDE, le=2**14)]
Workers = Annotated[int, NoBool, Field(ge=0, le=256)]
# of a file or a folder
File = Annotated[str, Field(min_length=1), AfterValidator(_from_home)]
