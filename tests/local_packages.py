"""Packages that tests make on the spot: wheels, source trees, conda channels; no network."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


BACKEND = """
import os, subprocess, sys, zipfile
here = os.path.dirname(os.path.abspath(__file__))

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with open(os.path.join(here, "builds"), "a") as builds:
        builds.write("built\\n")
    if os.path.exists(os.path.join(here, "slow")):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(os.path.join(here, "started"), "w") as started:
            started.write(str(child.pid))
        with open(os.path.join(here, "go")) as go:
            go.read()
        child.kill()
        child.wait()
    with zipfile.ZipFile(os.path.join(wheel_directory, "slow-1.0-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("slow.py", "")
        wheel.writestr("slow-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\\nName: slow\\nVersion: 1.0\\n")
        wheel.writestr("slow-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("slow-1.0.dist-info/RECORD", "")
    return "slow-1.0-py3-none-any.whl"
"""


def make_wheel(folder: Path, name: str = "demo", version: str = "1.0", requires: str = "") -> str:
    """Make a wheel that holds one module; return the requirement that installs it."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires.split(",") if one)
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", tags)
        archive.writestr(f"{info}/RECORD", "")
    return f"{name} @ {path.as_uri()}"


def sha256_of(path: Path) -> str:
    """Return the digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def index_variables(folder: Path) -> dict[str, str]:
    """Make an index of no packages beside a folder of wheels; what an operator would set for uv."""
    index, wheels = folder / "index", folder / "wheels"
    index.mkdir(parents=True, exist_ok=True)
    wheels.mkdir(exist_ok=True)
    return {
        "UV_DEFAULT_INDEX": str(index),
        "UV_FIND_LINKS": str(wheels),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "UV_NO_CONFIG": "1",
    }


class SlowPackage:
    """A source tree whose build tells when it has begun, and goes on when it is told."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.requirement = f"slow @ {folder.as_uri()}"
        system = 'requires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        project = '[project]\nname = "slow"\nversion = "1.0"\n'
        (folder / "pyproject.toml").write_text(f"[build-system]\n{system}{project}")
        (folder / "backend.py").write_text(BACKEND)
        (folder / "slow").touch()
        for pipe in ("started", "go"):
            os.mkfifo(folder / pipe)

    @property
    def builds(self) -> int:
        """How often it was built."""
        return len((self.folder / "builds").read_text().splitlines())

    def wait_until_started(self) -> int:
        """Return the pid of a process that the build has started."""
        return int((self.folder / "started").read_text())

    def be_quick(self) -> None:
        """Let later builds not wait."""
        (self.folder / "slow").unlink()

    def let_go(self) -> None:
        """Let the build that waits go on."""
        (self.folder / "go").write_text("")


class CondaChannel:
    """A conda channel in a folder, with packages that are made on the spot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for subdir in ("noarch", _subdir()):
            (folder / subdir).mkdir(parents=True, exist_ok=True)
            self._repodata(subdir, {})

    @property
    def url(self) -> str:
        """Address of the channel."""
        return self.folder.as_uri()

    def add_python(self, name: str = "python") -> None:
        """Add a Python: that of the tests, which takes the package's folder for its own."""
        home = Path(sys.executable).resolve().parent
        files = {"pyvenv.cfg": f"home = {home}\ninclude-system-site-packages = false\n"}
        links = dict.fromkeys(("bin/python", "bin/python3"), str(Path(sys.executable).resolve()))
        version = ".".join(map(str, sys.version_info[:3]))
        self.add(name, version, files, links=links, subdir=_subdir())

    def add_python_of(self, tarball: Path) -> None:
        """Add the Python of a Debian's root file system, as files, so that it runs anywhere.

        Args:
            tarball: of the file system.
        """
        folders = "test|tests|idlelib|lib2to3|pydoc_data|config-[^/]*|__pycache__"
        left_out = re.compile(rf"/({folders})/|/EXTERNALLY-MANAGED$")
        files: dict[str, bytes] = {}
        with tarfile.open(tarball) as archive:
            for member in archive:
                found = re.fullmatch(r"\./usr/((?:bin|lib)/(python3\.\d+)(?:/.*)?)", member.name)
                if found and member.isfile() and not left_out.search(member.name):
                    content = archive.extractfile(member)
                    assert content is not None
                    files[found[1]] = content.read()
        (program,) = [path for path in files if path.startswith("bin/")]
        version = program.removeprefix("bin/")
        # Debian's looks elsewhere; conda's packages of modules are put here.
        own = f"import site, sys; site.addsitedir(f'{{sys.prefix}}/lib/{version}/site-packages')\n"
        files[f"lib/{version}/sitecustomize.py"] = own.encode()
        links = dict.fromkeys(("bin/python", "bin/python3"), version)
        number = version.removeprefix("python") + ".0"
        self.add("python", number, files, links=links, subdir=_subdir())

    def add_module(self, name: str, version: str, depends: Sequence[str] = ()) -> None:
        """Add a package of one Python module, which pip knows too."""
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        info = f"site-packages/{name}-{version}.dist-info"
        files = {
            f"site-packages/{name}.py": f"version = {version!r}\n",
            f"{info}/METADATA": metadata,
            f"{info}/RECORD": "",
            f"{info}/INSTALLER": "conda",
        }
        self.add(name, version, files, depends=("python", *depends), noarch="python")

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, str | bytes],
        *,
        depends: Sequence[str] = (),
        links: Mapping[str, str] | None = None,
        noarch: str | None = None,
        subdir: str = "noarch",
    ) -> None:
        """Add a package of any files: path -> content, or in `links`: path -> target."""
        contents = {path: _bytes(content) for path, content in files.items()}
        entry: dict[str, Any] = {
            "name": name,
            "version": version,
            "build": "0",
            "build_number": 0,
            "depends": list(depends),
            "subdir": subdir,
            **({"noarch": noarch} if noarch else {}),
        }
        paths = [_path_entry(path, content) for path, content in contents.items()]
        paths += [{"_path": path, "path_type": "softlink"} for path in links or {}]
        info: dict[str, Any] = {"index.json": entry, "paths.json": {"paths_version": 1}}
        info["paths.json"]["paths"] = paths
        if noarch == "python":
            link = {"noarch": {"type": "python"}, "package_metadata_version": 1}
            info["link.json"] = link
        path = self.folder / subdir / f"{name}-{version}-0.tar.bz2"
        with tarfile.open(path, "w:bz2", compresslevel=1) as archive:
            for name_, content in contents.items():
                _add_file(archive, name_, content)
            for name_, target in (links or {}).items():
                member = tarfile.TarInfo(name_)
                member.type, member.linkname = tarfile.SYMTYPE, target
                archive.addfile(member)
            for name_, content_ in info.items():
                _add_file(archive, f"info/{name_}", json.dumps(content_).encode())
        size = path.stat().st_size
        self._repodata(subdir, {path.name: {**entry, "sha256": sha256_of(path), "size": size}})

    def _repodata(self, subdir: str, more: Mapping[str, Any]) -> None:
        file = self.folder / subdir / "repodata.json"
        known = json.loads(file.read_text())["packages"] if file.exists() else {}
        content = {"info": {"subdir": subdir}, "packages": {**known, **more}, "packages.conda": {}}
        file.write_text(json.dumps(content))


def _subdir() -> str:
    machine = platform.machine()
    if sys.platform == "darwin":
        return "osx-arm64" if machine == "arm64" else "osx-64"
    return "linux-64" if machine == "x86_64" else f"linux-{machine}"


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def _path_entry(path: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    entry = {"_path": path, "path_type": "hardlink", "sha256": digest}
    return {**entry, "size_in_bytes": len(content)}


def _add_file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o755 if name.startswith("bin/") else 0o644
    archive.addfile(member, io.BytesIO(content))


def python_offer(folder: Path, version: str, url: str) -> dict[str, str]:
    """Return the variables by which uv believes that it can download one Python, and no other."""
    major, minor, patch = map(int, version.split("."))
    arch = {"family": platform.machine(), "variant": None}
    offer = {"name": "cpython", "arch": arch, "os": "linux", "libc": "gnu", "prerelease": ""}
    offer |= {"major": major, "minor": minor, "patch": patch, "url": url}
    offer |= {"sha256": None, "variant": None, "build": "1"}
    listed = folder / "downloads.json"
    listed.write_text(json.dumps({f"cpython-{version}-linux-{arch['family']}-gnu": offer}))
    return {
        "UV_PYTHON_DOWNLOADS_JSON_URL": str(listed),
        "UV_PYTHON_INSTALL_DIR": str(folder / "pythons"),
    }
