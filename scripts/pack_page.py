"""The page's runtime as the wheel carries it: packed, and without the one for graphics cards.

With both as they are the wheel would have 25 MB; it is to stay below 20.
"""

import lzma
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SITE = "src/fastnst/page/site"
FOR_GPU = ".jspi."


class Wheel(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.folder = TemporaryDirectory()
        for path in Path(self.root, SITE).rglob("*.wasm"):
            if FOR_GPU not in path.name:
                packed = Path(self.folder.name, f"{path.name}.xz")
                packed.write_bytes(lzma.compress(path.read_bytes()))
                place = Path("fastnst", path.relative_to(Path(self.root, "src/fastnst")).parent)
                build_data["force_include"][str(packed)] = str(place / packed.name)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
