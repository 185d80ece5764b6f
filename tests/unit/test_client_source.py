from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import replace

import nbformat
import pytest
from stand_in import Answer, StandIn, run_json

from jupyter_exec import ExecClient
from jupyter_exec.client.discovery import Server
from jupyter_exec.errors import InvalidRequest, TooLarge


@pytest.fixture
def server():
    made = StandIn()
    made.on("POST runs", Answer(run_json(status="Queued"), 201))
    made.on("POST snapshots", Answer({"snapshotId": "snap-1", "files": 1, "sizeBytes": 1}, 201))
    yield made
    made.close()


@pytest.fixture
def client(server):
    """A client whose server's root folder is elsewhere."""
    with ExecClient(server.url, "secret") as made:
        yield made


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    (path / "train.py").write_text("print(1)\n")
    (path / "job.sh").write_text("#!/bin/bash -e\necho 1\n")
    (path / "data").mkdir()
    (path / "data/a.csv").write_text("1\n")
    (path / "secret.env").write_text("x\n")
    (path / ".execignore").write_text("*.env\n")
    return path


@pytest.fixture
def inside(client, folder):
    """The same client, now with the folder inside the server's root folder."""
    client.session.server = replace(client.server, root_dir=folder.parent.resolve(), local=True)
    return client


def posted(server):
    return server.seen("POST runs")[-1].json


def uploaded(server):
    with zipfile.ZipFile(io.BytesIO(server.seen("POST snapshots")[-1].body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_script_below_the_root_is_named_by_its_path(inside, server, folder):
    inside.submit(
        folder / "train.py", arguments=["--epochs", 3], files=["*.py"], link="data", cpus=2
    )
    body = posted(server)
    assert body["source"] == {"path": "project", "files": ["*.py"], "link": ["data"], "limit": True}
    assert body["displayName"] == "train.py"
    configuration = body["definition"]["configuration"]
    assert configuration["script"] == "train.py"
    assert configuration["arguments"] == ["--epochs", "3"]
    assert configuration["environment"]["python"]["interpreterPath"] == sys.executable
    assert not server.seen("POST snapshots")


def test_a_folder_that_was_named_is_taken_whatever_its_size(inside, server, folder):
    inside.submit(str(folder), command="make all", name="all", tags={"a": "b"}, experiment="e")
    body = posted(server)
    assert body["source"] == {"path": "project"}
    assert body["displayName"] == "all"
    assert body["tags"] == {"a": "b"}
    assert body["experiment"] == "e"
    assert body["definition"]["configuration"]["command"] == "make all"


def test_a_folder_elsewhere_is_packed_by_its_ignore_rules(client, server, folder):
    (folder / "link.csv").symlink_to("data/a.csv")
    (folder / "out.csv").symlink_to("/etc/hostname")
    client.submit(folder / "train.py", overlay={"in.pkl": b"\x80", "data/a.csv": "2\n"})
    body = posted(server)
    assert body["source"] == {"snapshotId": "snap-1"}
    assert body["overlay"] == {}
    assert uploaded(server) == {
        ".execignore": b"*.env\n",
        "train.py": b"print(1)\n",
        "job.sh": b"#!/bin/bash -e\necho 1\n",
        "data/a.csv": b"2\n",
        "in.pkl": b"\x80",
        "link.csv": b"data/a.csv",
    }


def test_files_choose_what_is_packed(client, server, folder):
    client.submit(folder, script="train.py", files="*.py data")
    assert set(uploaded(server)) == {"train.py", "data/a.csv"}


def test_too_much_that_came_along_is_not_packed(client, server, folder):
    with (folder / "big.bin").open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(TooLarge, match=r"big\.bin"):
        client.submit(folder / "train.py")
    assert not server.requests
    client.submit(folder / "train.py", snapshot=False)
    assert posted(server)["source"] == {}
    assert set(posted(server)["overlay"]) == {"train.py"}


def test_a_link_in_a_folder_elsewhere_is_refused(client, folder):
    with pytest.raises(InvalidRequest, match="lies outside of the root folder") as caught:
        client.submit(folder / "train.py", link=["data"])
    assert caught.value.target == "link"


def test_a_shell_script_is_a_command(inside, server, folder):
    inside.submit(folder / "job.sh", arguments=["a b"])
    configuration = posted(server)["definition"]["configuration"]
    assert configuration["command"] == ["/bin/bash", "-e", "job.sh", "a b"]
    assert "script" not in configuration
    assert "arguments" not in configuration


def test_the_content_of_a_notebook_is_sent_as_it_is(client, server):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    client.submit(notebook, script="mine.ipynb", overlay={"a": "text"}, parameters={"x": None})
    body = posted(server)
    assert body["source"] == {"notebook": json.loads(json.dumps(notebook)), "name": "mine.ipynb"}
    assert body["overlay"] == {"a": {"text": "text"}}
    assert body["definition"]["configuration"]["script"] == "mine.ipynb"
    assert body["definition"]["configuration"]["parameters"] == {"x": None}


@pytest.mark.parametrize(
    ("kernelspec", "ours"),
    [
        ({}, True),
        ({"name": "python3", "language": "python"}, True),
        ({"name": "mine", "language": "python"}, False),
        ({"name": "ir", "language": "R"}, False),
    ],
)
def test_a_notebook_for_another_kernel_keeps_it(inside, server, folder, kernelspec, ours):
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {"kernelspec": kernelspec}}))
    inside.submit(path)
    assert ("environment" in posted(server)["definition"]["configuration"]) is ours


def test_our_interpreter_means_nothing_on_another_machine(client, server):
    client.session.server = replace(client.server, local=False)
    client.submit(command=["date"], experiment="e")
    assert posted(server) == {
        "experiment": "e",
        "definition": {"configuration": {"command": ["date"]}},
        "source": {},
        "overlay": {},
    }


@pytest.mark.parametrize(
    ("source", "options", "match"),
    [
        ("missing.py", {}, "missing.py does not exist"),
        ("train.py", {"script": "job.sh"}, "submit the folder"),
        ("broken.ipynb", {}, "is not a notebook"),
    ],
)
def test_a_wrong_source_is_refused_here(
    client, server, folder, monkeypatch, source, options, match
):
    monkeypatch.chdir(folder)
    (folder / "broken.ipynb").write_text("{")
    with pytest.raises(InvalidRequest, match=match):
        client.submit(source, **options)
    assert not server.requests


def test_a_server_that_only_shows_is_left_for_the_one_that_writes(server, monkeypatch):
    reader = StandIn()
    error = {"code": "TransientError", "message": "another server owns the data directory"}
    reader.on("POST runs", Answer({"error": error}, 503))
    servers = [Server(reader.url, local=True), Server(server.url, local=True)]
    monkeypatch.setattr("jupyter_exec.client.api.candidates", lambda: servers)
    monkeypatch.delenv("JUPYTER_EXEC_URL", raising=False)
    with ExecClient() as client:
        assert client.server.url == reader.url
        client.submit(command="date")
        assert client.server.url == server.url
    reader.close()
    assert server.seen("POST runs")


def test_a_run_belongs_to_its_folder_by_default(inside, server, folder):
    (folder / "x.py").touch()
    inside.submit(folder / "x.py")
    assert posted(server)["experiment"] == folder.name
