"""What users install: a wheel, and an sdist, that carry the built labextension.

The files are built on a machine without Node, and go into an empty environment with JupyterLab.
That takes about half a minute, and more where pip's and jlpm's caches are cold.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from needs import need
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
SHARED = "share/jupyter/labextensions/jupyter-exec/"
LAUNCH_MS = 60_000
TOOLS = ("sh", "env", "git", "uname", "dirname", "readlink", "ls", "mkdir", "rm", "cat")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment whose PATH has what every machine has, and no Node."""
    folder = tmp_path_factory.mktemp("bin")
    for tool in TOOLS:
        (folder / tool).symlink_to(need(tool, "apt-get install coreutils git"))
    assert shutil.which("node", path=str(folder)) is None
    left = {k: v for k, v in os.environ.items() if k not in {"SKIP_JUPYTER_BUILDER", "VIRTUAL_ENV"}}
    return {**left, "PATH": str(folder)}


def run(*command: str | Path, env: dict[str, str], cwd: Path) -> str:
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what git would take, with nothing that was built."""
    git = need("git", "apt-get install git")
    folder = tmp_path_factory.mktemp("checkout")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path, without_node: dict[str, str]) -> Path:
    """Build an sdist of the checkout, and a wheel of that sdist; returns their folder."""
    run(sys.executable, "-m", "build", env=without_node, cwd=checkout)
    return checkout / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


def shared(wheel: Path) -> dict[str, int]:
    """Return the files of the labextension in a wheel, with their checksums."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            info.filename.partition(SHARED)[2]: info.CRC
            for info in archive.infolist()
            if f".data/data/{SHARED}" in info.filename
        }


def test_the_wheel_carries_the_labextension_once(wheel: Path) -> None:
    names = set(shared(wheel))
    assert {"install.json", "package.json", "schemas/jupyter-exec/plugin.json"} <= names
    assert "static/third-party-licenses.json" in names
    assert [name for name in names if name.startswith("static/remoteEntry.")]
    assert not [name for name in names if name.endswith((".map", ".stamp"))]
    with zipfile.ZipFile(wheel) as archive:
        others = [name for name in archive.namelist() if SHARED not in name]
    assert [name for name in others if name.endswith("dist-info/licenses/LICENSE")]
    assert not [
        name
        for name in others
        if "labextension" in name
        or (name.endswith((".js", ".ts")) and not name.startswith("jupyter_exec/widgets/"))
    ]


def test_the_sdist_carries_sources_and_what_is_built(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"labextension/src/index.ts", "labextension/yarn.lock", "LICENSE"} <= names
    assert "jupyter_exec/labextension/package.json" in names
    assert not [name for name in names if "node_modules/" in name or "labextension/lib/" in name]


def test_a_wheel_of_the_checkout_is_that_of_the_sdist(
    checkout: Path, wheel: Path, without_node: dict[str, str], tmp_path: Path
) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", tmp_path, "."]
    run(*pip, env=without_node, cwd=checkout)
    (direct,) = tmp_path.glob("*.whl")
    assert shared(direct) == shared(wheel)


@pytest.fixture(scope="module")
def installed(
    wheel: Path, without_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Install the wheel and JupyterLab, and nothing else; returns the environment's folder."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")  # many times quicker, but it need not be there
    pip = (
        [uv, "pip", "install", "--python", python]
        if uv.exists()
        else [python, "-m", "pip", "install"]
    )
    run(*pip, "--quiet", wheel, "jupyterlab", env=without_node, cwd=folder)
    return folder


def test_jupyter_lists_the_labextension_as_enabled(
    installed: Path, without_node: dict[str, str]
) -> None:
    python = installed / "bin" / "python"
    env = {**without_node, "HOME": str(installed), "NO_COLOR": "1"}
    listed = run(python, "-m", "jupyter", "labextension", "list", env=env, cwd=installed)
    (line,) = [line for line in listed.splitlines() if " jupyter-exec " in line]
    assert "enabled" in line
    assert "OK" in line
    assert "(python, jupyter_exec)" in line


@pytest.fixture
def fresh_lab(installed: Path, tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(
        tmp_path,
        lab=True,
        python=str(installed / "bin" / "python"),
        args=["--LabApp.expose_app_in_browser=True"],
    )
    yield running
    running.close()


def test_lab_shows_it_without_a_further_step(browser: Browser, fresh_lab: RunningServer) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{fresh_lab.url}lab?token={fresh_lab.token}")
    page.locator("#jp-main-statusbar").wait_for(timeout=LAUNCH_MS)
    active = page.evaluate("window.jupyterapp.isPluginActivated('jupyter-exec:model')")
    assert active, said
    assert not [text for text in said if "jupyter-exec" in text]
    page.close()
