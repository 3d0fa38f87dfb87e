"""The house: rooms that a newcomer finds his way in, and one command."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from fastnst import __main__, __version__

SOURCE = Path(__main__.__file__).parent
SCRIPTS = Path(__file__).parents[1] / "scripts"
HEAVY = ("hydra", "omegaconf", "pytorch_lightning", "tensorboard")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, str, int]]:
    """The modules of fastnst that a file imports from, by their full names, what, and the line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastnst"):
            yield from ((str(node.module), alias.name, node.lineno) for alias in node.names)
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("fastnst"):
                    yield alias.name, "", node.lineno


@cache
def named(room: str) -> set[str]:
    """What a room's `__all__` names."""
    names: set[str] = set()
    for node in ast.parse((SOURCE / room / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names |= {*ast.literal_eval(node.value)}
    return names


def room(name: str) -> str:
    """`fastnst.losses.style` -> `losses`."""
    return f"{name}.".split(".")[1]


@pytest.mark.parametrize(
    "path",
    [*modules(), *sorted(SCRIPTS.glob("*.py"))],
    ids=lambda path: f"{path.parent.stem}-{path.stem}",
)
def test_other_rooms_are_entered_by_their_doors(path: Path) -> None:
    own = path.parent.name
    for name, what, line in imports(path):
        if room(name) == own or not (SOURCE / room(name) / "__init__.py").is_file():
            continue
        through_a_wall = name.count(".") > 1
        assert not through_a_wall, f"line {line}: import from fastnst.{room(name)}, not {name}"
        assert what in named(room(name)), f"line {line}: {what} is private to {room(name)}"


@pytest.mark.parametrize("path", [*SOURCE.glob("*/__init__.py")], ids=lambda path: path.parent.name)
def test_a_room_says_what_it_is_for(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert "In: " in text
    assert "Out: " in text


def test_rooms_and_modules_are_small() -> None:
    each = {name.replace("-", "_") for name in __main__.COMMANDS}
    for folder in {path.parent for path in modules()}:
        names = {path.stem for path in folder.glob("[!_]*.py")}
        assert len(names - each if folder.name == "commands" else names) <= 14, folder
    for path in modules():
        assert len(path.read_text().splitlines()) <= 250, path


def test_each_command_has_its_module() -> None:
    for name in __main__.COMMANDS:
        text = (SOURCE / "commands" / f"{name.replace('-', '_')}.py").read_text()
        assert f"`fastnst {name}`" in str(ast.get_docstring(ast.parse(text)))
        assert "def main() -> None:" in text


def test_the_list_of_commands(monkeypatch, capsys) -> None:
    for arguments, code in ((["--help"], 0), ([], 2), (["trian"], 2), (["--version"], 0)):
        monkeypatch.setattr(sys, "argv", ["fastnst", *arguments])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        assert ended.value.code == code
    printed = capsys.readouterr()
    assert all(f"  {name}  " in printed.out for name in __main__.COMMANDS)
    assert printed.out.endswith(f"fastnst {__version__}\n")
    assert "'trian'" in printed.err


@pytest.mark.slow
def test_what_is_not_needed_is_not_imported() -> None:
    # in one process, in such an order that none may import less than those before it; what is of
    # fastnst is imported anew each time, as nobody may depend on what others imported
    rooms = {
        "import fastnst.__main__": ("torch", "numpy", "PIL", "torchvision", *HEAVY),
        "from fastnst.drawing import draw_dead_leaves": ("torch", "torchvision", *HEAVY),
        "from fastnst.losses import PerceptualLoss": ("torchvision", *HEAVY),
        "from fastnst.networks import build_network": ("torchvision", *HEAVY),
        "from fastnst import Stylizer": ("torchvision", *HEAVY),
        "from fastnst import Upscaler": ("torchvision", *HEAVY),
        "import fastnst.commands.stylize": ("torchvision", *HEAVY),
        "import fastnst.commands.upscale": ("torchvision", *HEAVY),
        "import fastnst.commands.page": HEAVY,
        "from fastnst.augment import RandomStyle": HEAVY,
    }
    forget = "[sys.modules.pop(name) for name in [*sys.modules] if name.startswith('fastnst')]"
    code = "import sys\n" + "\n".join(
        f"{statement}; print(*{{name.partition('.')[0] for name in sys.modules}}); {forget}"
        for statement in rooms
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for (statement, left_alone), imported in zip(
        rooms.items(), done.stdout.splitlines(), strict=True
    ):
        assert {*imported.split()}.isdisjoint(left_alone), statement
