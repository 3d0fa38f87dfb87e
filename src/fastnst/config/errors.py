"""Mistakes in the configuration as sentences, which name the key, the value, what is allowed and
what is close to it: Hydra, OmegaConf and pydantic speak to programmers."""

import json
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.main import get_args_parser  # pyright: ignore[reportPrivateImportUsage]  # Hydra has no public one
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from fastnst.machine import UserError

# groups that take more keys than they have, with a plus sign
OPEN = ("trainer", "loss.content_layers", "loss.style_layers")

# what Lightning calls otherwise
_LENGTH = "trainer.max_steps=<number> says how long the training is"
INSTEAD = {
    "trainer.max_epochs": _LENGTH,
    "trainer.min_epochs": _LENGTH,
    "trainer.limit_train_batches": _LENGTH,
    "trainer.default_root_dir": "hydra.run.dir=<folder> says where everything goes",
    "trainer.val_check_interval": "sample_every=<steps> says how often",
    "trainer.check_val_every_n_epoch": "sample_every=<steps> says how often",
    "trainer.log_every_n_steps": "log_every=<steps> says how often",
    "trainer.gradient_clip_val": "optimizer.clip=<number> does that",
}

# what Hydra says in several lines, and what is said here
HYDRA_SAYS = {
    r"An item is already at '(.+?)'": "{} is there already: leave out the plus sign",
    r"'(.+?)' does not exist": "There is no {}: nothing can be taken out",
    r"Ambiguous value for argument '(.+)'": "{} has several values: add --multirun to train each "
    "of them, or write a list as key=[first,second]",
    r"Sweep parameters '(.+)' requires": "{} has several values: add --multirun to train each",
    r"^(\S+) appears more than once": "{} is chosen already: leave out the plus sign",
    r"Could not override '(.+?)'": "There is no {} to choose",
}


def close_to(name: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)`, or nothing if none of the known names is close."""
    return _did_you_mean(get_close_matches(name, list(known), n=1))


def check_flags(arguments: list[str]) -> None:
    """Refuse flags of the command line that Hydra does not have, or not together.

    Raises:
        UserError: naming the flag.
    """
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        flags = re.findall(r"--[\w-]+", parser.format_usage())
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown == message:
            raise UserError(f"{message[0].upper()}{message[1:]}.")
        if not unknown.startswith("-"):
            raise UserError(f"{unknown}: put all of key=value before the flags, or all after them.")
        first = unknown.split()[0]
        raise UserError(
            f"{first}: there is no such flag{close_to(first, flags)}; settings are key=value."
        )

    parser.error = refuse
    flags = parser.parse_args(arguments)
    if flags.resolve and not (flags.cfg or flags.help):
        raise UserError("--resolve goes with --cfg or --help only.")
    modes = ("run", "cfg", "multirun", "shell_completion", "info")
    given = [f"--{mode.replace('_', '-')}" for mode in modes if getattr(flags, mode)]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} cannot be had together: give one of them.")


def hydra_sentence(error: Exception, arguments: list[str], configs: Path) -> str | None:
    """What to tell the user of an error of Hydra's; None if it is none.

    Args:
        error: that Hydra, or what it called, raised.
        arguments: of the command line.
        configs: the folder of the configuration.
    """
    groups = sorted(path.name for path in configs.iterdir() if path.is_dir())
    match error:
        case MissingConfigException(missing_cfg_file=str(file), options=[*options]) if options:
            group, _, name = file.rpartition("/")
            known = ", ".join(options)
            close = close_to(name, options)
            return f"{group}={name}: there is no such choice{close}; there are {known}."
        case OverrideParseException():
            return f"{_unreadable(error.override, configs)}."
        case HydraException(__cause__=ConfigAttributeError() | ConfigKeyError() as cause):
            given = re.search(r"config use \+(.*)", str(error))
            root: Any = OmegaConf.to_container(cause.parent_node._get_root(), resolve=False)
            key = str(cause.full_key)
            sentence = unknown_key(key, given[1] if given else None, dict.fromkeys(groups) | root)
            is_open = key.rpartition(".")[0] in OPEN
            return f"{sentence}{'; others need a plus sign before the key' if is_open else ''}."
        case HydraException() | OmegaConfBaseException():
            for pattern, sentence in HYDRA_SAYS.items():
                if match := re.search(pattern, str(error)):
                    return f"{sentence.format(match[1])}."
            parts = (_first_line(part) for part in (error, error.__cause__) if part)
            return f"{': '.join(parts)}."
        case _:
            pass
    if _is_hydras_own(error):
        for word in arguments:
            group, _, value = word.lstrip("+").partition("=")
            if group in groups and value.startswith(("null", "[", "{")):
                known = ", ".join(sorted(path.stem for path in (configs / group).glob("*.yaml")))
                return f"{word}: a group takes the name of a choice; there are {known}."
        return f"{_first_line(error)}."
    return None


def unknown_key(key: str, given: str | None, config: Mapping[str, Any]) -> str:
    """The sentence for a key that the configuration does not have.

    Args:
        key: in full, such as `data.batchsize`.
        given: what the user wrote, `data.batchsize=2`.
        config: all of the configuration.
    """
    if key in INSTEAD:
        return f"{given or key}: there is no {key}; {INSTEAD[key]}"
    *parents, name = key.split(".")
    group: Any = config
    for parent in parents:
        group = group.get(parent) if isinstance(group, Mapping) else None
    where = ".".join(parents)
    here = [known for known in group or () if known not in (name, "hydra")]
    if not here:  # a value
        return f"{given or key}: there are no keys in {where}"
    hydras = key.startswith("hydra.")
    elsewhere = [
        known for known in _dotted(config) if known.startswith("hydra") == hydras and known != key
    ]
    last = {known.rpartition(".")[2] for known in elsewhere}
    close = get_close_matches(name, here, n=1)
    if name not in last and close:
        meant = [".".join([*parents, close[0]])]
    else:
        same = name if name in last else "".join(get_close_matches(name, last, n=1))
        meant = [known for known in elsewhere if known.rpartition(".")[2] == same]
    has = f"{where} has" if where else "there are"
    return f"{given or key}: there is no {key}{_did_you_mean(meant)}; {has} {', '.join(here)}"


def value_sentence(error: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """The sentence for one of pydantic's errors.

    Args:
        error: as `ValidationError.errors` has it.
        config: what was validated.
    """
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    message = error["msg"].removeprefix("Value error, ")
    key = _key(error["loc"], config)
    if kind == "value_error" and (not key or isinstance(given, Mapping)):
        return message  # of several keys, which it names
    if kind == "extra_forbidden":
        return unknown_key(key, f"{key}={shown(given)}", config)
    if kind == "missing":
        return f"{key} is missing: it has no default"
    if kind == "union_tag_invalid":
        key, given = f"{key}.name", context["tag"]
        message = f"Should be one of {context['expected_tags']}"
    if kind in ("union_tag_invalid", "literal_error") and isinstance(given, str):
        message += close_to(given, re.findall(r"'([^']+)'", message))
    value = "" if isinstance(given, Mapping) else f"={shown(given)}"
    return f"{key}{value}: {message[0].lower()}{message[1:]}"


def reference_sentence(error: OmegaConfBaseException) -> str:
    """The sentence for a `${...}` that leads nowhere."""
    return f"{error.full_key}: {_first_line(error)}"


def _unreadable(override: str, configs: Path) -> str:
    if re.fullmatch(r"[\w/.-]+", override):  # no equals sign
        group = {path.stem: path.parent.name for path in configs.glob("*/*.yaml")}
        name = "".join(get_close_matches(override, group, n=1))
        example = _did_you_mean([f"{group[name]}={name}"] if name else [])
        return f"{override}: settings are key=value{example or ', such as style=starry_night'}"
    return (
        f"{override}: this cannot be read; settings are key=value, and a value with special "
        f"characters needs two pairs of quotes, as in 'style.title=\"Day (and night)\"'"
    )


def _did_you_mean(names: list[str]) -> str:
    return f" (did you mean {' or '.join(names)}?)" if names else ""


def _dotted(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in config.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")


def _key(place: tuple[str | int, ...], config: Any) -> str:
    """Where an error is, without the names that pydantic gives a union's alternatives."""
    parts: list[str] = []
    for index, part in enumerate(place):
        inside = part in config if isinstance(config, Mapping) else isinstance(part, int)
        if inside:
            config = config[part]
        if inside or index == len(place) - 1:
            parts.append(str(part))
    return ".".join(parts)


def shown(value: Any) -> str:
    """As the user writes it."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def _is_hydras_own(error: Exception) -> bool:
    """Whether Hydra's code raised this, and not the program that it called."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return frames[-1].f_globals["__name__"].startswith("hydra.")
