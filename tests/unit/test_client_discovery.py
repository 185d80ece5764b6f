from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from stand_in import Answer, StandIn

from jupyter_exec import ExecClient
from jupyter_exec.client.discovery import candidates, named_server
from jupyter_exec.client.session import NoServer


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    for name in ("URL", "TOKEN", "RUN_ID"):
        monkeypatch.delenv(f"JUPYTER_EXEC_{name}", raising=False)
    return folder


@pytest.fixture
def sleeper():
    """A living process that is not above this one."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


@pytest.fixture
def server():
    made = StandIn()
    yield made
    made.close()


def describe(runtime, pid, url="http://127.0.0.1:1/", root="/nowhere", mtime=None, **more):
    info = {
        "url": url,
        "hostname": "127.0.0.1",
        "port": 1,
        "base_url": "/",
        "token": f"token-{pid}",
        "root_dir": str(root),
        "pid": pid,
        "secure": False,
        "sock": "",
        **more,
    }
    path = runtime / f"jpserver-{more.get('number', pid)}.json"
    path.write_text(json.dumps(info))
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


def test_a_server_above_this_process_comes_first(runtime, sleeper, tmp_path):
    describe(runtime, sleeper.pid, root=tmp_path)
    describe(runtime, os.getppid())
    assert [server.pid for server in candidates()] == [os.getppid(), sleeper.pid]


def test_then_the_deepest_root_around_the_working_folder_then_the_newest(
    runtime, sleeper, tmp_path, monkeypatch
):
    inner = tmp_path / "project"
    inner.mkdir()
    monkeypatch.chdir(inner)
    for number, (root, mtime) in enumerate([("/x", 1), (tmp_path, 2), ("/y", 4), (inner, 3)]):
        describe(runtime, sleeper.pid, root=root, mtime=mtime, number=number)
    assert [str(one.root_dir) for one in candidates()] == [str(inner), str(tmp_path), "/y", "/x"]


def test_dead_and_unreadable_descriptions_are_left_out(runtime):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    describe(runtime, process.pid)
    (runtime / "jpserver-1.json").write_text("{")
    (runtime / "jpserver-2.json").write_text("{}")
    assert candidates() == []


def test_a_server_that_listens_everywhere_is_reached_by_loopback(runtime, sleeper):
    describe(
        runtime,
        sleeper.pid,
        url="http://some-name:8888/base/",
        hostname="0.0.0.0",
        port=8888,
        base_url="/base/",
    )
    assert candidates()[0].url == "http://127.0.0.1:8888/base/"


def test_the_first_that_has_the_extension_is_taken(runtime, sleeper, server):
    bare = StandIn()
    bare.on("GET targets", Answer({"message": "Not Found"}, 404))
    describe(runtime, os.getppid(), url=bare.url)
    describe(runtime, sleeper.pid, url=server.url)
    with ExecClient(start=False) as client:
        assert client.server.url == server.url
        assert client.server.token == f"token-{sleeper.pid}"
        assert client.targets() == []
    bare.close()


def test_without_any_server_it_says_so():
    with pytest.raises(NoServer, match="no Jupyter server with jupyter_exec is running"):
        ExecClient(start=False)


def test_arguments_win_over_the_environment(monkeypatch):
    monkeypatch.setenv("JUPYTER_EXEC_URL", "http://one:1")
    monkeypatch.setenv("JUPYTER_EXEC_TOKEN", "from-environment")
    assert named_server(None, None).url == "http://one:1/"
    assert named_server(None, None).token == "from-environment"
    assert named_server("http://two:2/", "mine").token == "mine"
    assert named_server("http://two:2/", "mine").url == "http://two:2/"
    assert not named_server(None, None).local


def test_inside_a_run_its_own_token_is_not_ours(monkeypatch, runtime, sleeper):
    describe(runtime, sleeper.pid, url="http://127.0.0.1:7/", mtime=1, number=1)
    describe(runtime, sleeper.pid, url="http://127.0.0.1:8/", mtime=2, number=2)
    monkeypatch.setenv("JUPYTER_EXEC_RUN_ID", "default_1_abcd")
    monkeypatch.setenv("JUPYTER_EXEC_URL", "http://localhost:7/")
    monkeypatch.setenv("JUPYTER_EXEC_TOKEN", "report-only")
    assert named_server(None, None) is None
    assert candidates()[0].url == "http://127.0.0.1:7/"
    assert named_server("http://127.0.0.1:8/", None).token == f"token-{sleeper.pid}"


def test_a_named_server_on_this_machine_is_recognised(runtime, sleeper, tmp_path):
    describe(runtime, sleeper.pid, url="http://localhost:7/", root=tmp_path)
    named = named_server("http://127.0.0.1:7", None)
    assert named.root_dir == tmp_path
    assert named.local
    assert named.token == f"token-{sleeper.pid}"


def test_the_hubs_token_goes_to_the_hubs_server_only(runtime, sleeper, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hub")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/me/")
    describe(runtime, sleeper.pid, token="", base_url="/user/me/", mtime=2, number=1)
    describe(runtime, sleeper.pid, token="", base_url="/", mtime=1, number=2)
    assert [one.token for one in candidates()] == ["hub", ""]
