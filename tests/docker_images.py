"""The images that tests start containers from, made without any registry, once per machine.

    python tests/docker_images.py          make them ahead, which takes a minute or two

They are kept in the folder that JUPYTER_EXEC_TESTS_CACHE names, by default below `~/.cache`.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import docker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SUITE = "bookworm"
_MIRROR = "http://deb.debian.org/debian"
_PACKAGES = "python3,ca-certificates"
_SAY = """
#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
    for (int at = 1; at < count; at++) {
        unsigned int byte;
        char *hex = words[at] + 4;
        if (strncmp(words[at], "hex:", 4)) puts(words[at]);
        else for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) putchar(byte);
    }
    return count - 1;
}
"""


@dataclass(frozen=True)
class DockerEngine:
    """What a test needs to know of a daemon.

    Attributes:
        url: for DOCKER_HOST, or `engine_url`.
        image: Debian with Python 3 as `python3`; neither `python` nor pip.
        bare_image: one static program, `/say`: prints its arguments, `hex:00ff` as bytes, and ends
            with their number. Neither a shell nor anything else.
    """

    url: str
    image: str = "jupyter-exec-test/python:latest"
    bare_image: str = "jupyter-exec-test/bare:2"


def make_images(url: str, *, small: bool = False) -> None:
    """Give a daemon the images of DockerEngine that it lacks; `small`: only the bare one."""
    with closing(docker.DockerClient(base_url=url, timeout=300)) as client:
        there = {tag for image in client.images.list() for tag in image.tags}
        wanted = {DockerEngine.bare_image: _make_bare} if small else _MADE
        for tag, make in wanted.items():
            if tag not in there:
                client.api.import_image_from_file(str(_tarball(tag, make)), *tag.split(":"))


def debian_tarball() -> Path:
    """Return the root file system of `DockerEngine.image`."""
    return _tarball(DockerEngine("").image, _make_debian)


def _tarball(tag: str, make: Callable[[Path], None]) -> Path:
    """Return a root file system that `make` makes in a folder; once per machine."""
    tarball = cache() / f"{tag.rpartition('/')[2].replace(':', '-')}.tar"
    with locked(tarball.with_suffix(".lock")):
        if not tarball.exists():
            with tempfile.TemporaryDirectory(dir=cache()) as work:
                root, draft = Path(work) / "root", Path(work) / "root.tar"
                root.mkdir()
                make(root)
                words = ["tar", "--numeric-owner", "-C", str(root), "-cf", str(draft), "."]
                subprocess.run(words, check=True)
                draft.rename(tarball)
    return tarball


def _make_debian(root: Path) -> None:
    """Make a small Debian, from the mirror that the machine itself uses."""
    listing = ["apt-get", "indextargets", "--format", "$(RELEASE) $(SITE)"]
    known = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\n")
    mirror = next((line.split()[1] for line in known if line.startswith(f"{_SUITE} ")), _MIRROR)
    words = [
        "debootstrap",
        "--variant=minbase",
        f"--include={_PACKAGES}",
        _SUITE,
        str(root),
        mirror,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"debootstrap failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    for package in (root / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


def _make_bare(root: Path) -> None:
    """Compile the one program."""
    words = ["gcc", "-static", "-Os", "-x", "c", "-", "-o", str(root / "say")]
    subprocess.run(words, input=_SAY, text=True, check=True)
    (root / "tmp").mkdir(mode=0o1777)


def cache() -> Path:
    """Return the folder for what costs a minute to make."""
    stated = os.environ.get("JUPYTER_EXEC_TESTS_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(stated) if stated else base / "jupyter_exec-tests" / "docker"
    cache.mkdir(parents=True, exist_ok=True)
    return cache


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_MADE = {DockerEngine.image: _make_debian, DockerEngine.bare_image: _make_bare}

if __name__ == "__main__":
    for name, how in _MADE.items():
        _tarball(name, how)
