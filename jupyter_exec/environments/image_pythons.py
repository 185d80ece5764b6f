"""Which versions of Python an image has (floor: environments)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from jupyter_exec.environments.interpreters import Interpreter
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.environments.image_steps import ImageLog
    from jupyter_exec.environments.images import Image, Images

# For the image's Python, which may be an old one.
_LIST = """
import json, os, re, subprocess
found = {}
for folder in os.environ.get("PATH", "").split(os.pathsep):
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if re.match(r"python(3([.][0-9]+)?)?$", name):
            path = os.path.join(folder, name)
            ask = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
            try:
                version = subprocess.check_output([path, "-I", "-S", "-c", ask])
            except (OSError, subprocess.CalledProcessError):
                continue
            found.setdefault(version.decode().strip(), path)
print(json.dumps(found))
"""


class ImagePythons:
    """The interpreters in images, each image looked into once in a server's life."""

    def __init__(self, images: Images, root: Path) -> None:
        self._images = images
        self._root = root
        self._found: dict[str, list[Interpreter]] = {}

    async def fitting(self, image: Image, versions: str, log: ImageLog) -> Interpreter:
        """Return the newest Python of an image whose version fits.

        Args:
            versions: PEP 440 specifiers; empty = any.

        Raises:
            RunFailed: there is none; the message lists those there are.
        """
        if image.id not in self._found:
            self._found[image.id] = await self._look(image, log)
        wanted = SpecifierSet(versions)
        for one in self._found[image.id]:
            if wanted.contains(one.version, prereleases=True):
                return one
        there = ", ".join(one.version for one in reversed(self._found[image.id])) or "none"
        message = (
            f"image {image.reference} has no Python {versions or 'at all'}, but {there}; "
            "ask for a version that it has, or name another image"
        )
        raise RunFailed("EnvironmentFailed", message)

    async def _look(self, image: Image, log: ImageLog) -> list[Interpreter]:
        python = await self._images.python(image, None)
        if python is None:
            return []
        found: dict[str, str] = json.loads(await log.ask([python, "-I", "-c", _LIST]))
        interpreters = [Interpreter(version, path) for version, path in found.items()]
        return sorted(
            interpreters, key=lambda one: [int(n) for n in one.version.split(".")], reverse=True
        )
