"""Data references of runs on a real server: before, meanwhile and after; and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from servers import RunningServer
from web_store import WebStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API = "jupyter-exec/v1/"
SECRET = "hush-hush-of-the-store"
LARGE = bytes(range(256)) * 2**14


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    (folder / "sub").mkdir()
    (folder / "one.txt").write_text("1")
    (folder / "sub" / "two.txt").write_text("2")
    (folder / "sub" / "empty").write_text("")
    return folder


@pytest.fixture(scope="module")
def web() -> Iterator[WebStore]:
    store = WebStore({"/w.txt": b"web", "/large": LARGE})
    store.token = SECRET
    yield store
    store.close()


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, folder: Path, web: WebStore
) -> Iterator[RunningServer]:
    header = {"headers": {"Authorization": {"env": "STORE_TOKEN"}}}
    stores = {
        "disk": {"url": f"file://{folder}"},
        "fixed": {"url": f"file://{folder}", "read_only": True},
        "memory": {"url": "memory://shop"},
        "web": {"url": web.url, "options": header},
        "login": {"url": "s3://ann:pa55word@bucket/x"},
        "unset": {"url": web.url, "options": {"a": {"env": "NOBODY_SETS_THIS"}}},
        "broken": {"url": "bucket/prefix"},
        "gone": {"url": "http://127.0.0.1:9"},
    }
    running = RunningServer(
        tmp_path_factory.mktemp("server"),
        config={"ExecApp": {"datastores": stores, "warm_kernels": 0}},
        env={"STORE_TOKEN": SECRET},
    )
    yield running
    running.close()


def post(server: RunningServer, references: dict[str, Any], **more: Any):
    body = {
        "source": {},
        "overlay": {"mine/a.txt": {"text": "mine"}},
        "definition": {"configuration": {"dataReferences": references, **more}},
    }
    return server.client.post(API + "runs", json=body)


def run(server: RunningServer, references: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = post(server, references, **more)
    assert answer.status_code == 201, answer.text
    return server.wait_for_end(answer.json()["runId"])


def reference(store: str, mode: str, **more: Any) -> dict[str, Any]:
    return {"dataStoreName": store, "mode": mode, **more}


def data_log(server: RunningServer, done: dict[str, Any]) -> str:
    return server.log(done["runId"], "data.txt")


def test_what_a_run_finds(shop: RunningServer):
    references = {
        "tree": reference("disk", "Download", pathOnDataStore="sub"),
        "one": reference("disk", "Download", pathOnDataStore="one.txt"),
        "named": reference("web", "download", pathOnDataStore="w.txt", pathOnCompute="in/x.txt"),
        "seen": reference("fixed", "Mount", pathOnDataStore="sub", pathOnCompute="in/seen"),
    }
    code = (
        "cat $AZUREML_DATAREFERENCE_named in/x.txt; "
        "cat $AZUREML_DATAREFERENCE_one dataReferences/one/one.txt; "
        "cat $AZUREML_DATAREFERENCE_tree/two.txt in/seen/two.txt; "
        "cat $AZUREML_DATAREFERENCE_seen/two.txt;"
        'echo; echo "$@"; env | grep -c STORE_TOKEN; ls -A dataReferences/tree'
    )
    arguments = ["--in=$AZUREML_DATAREFERENCE_named", "${AZUREML_DATAREFERENCE_seen}"]
    done = run(shop, references, command=code, arguments=arguments)
    assert done["status"] == "Completed", done["error"]
    lines = shop.log(done["runId"]).splitlines()
    work = lines[1].split()[1].removesuffix("/in/seen")
    assert lines == [
        "webweb11222",
        f"--in={work}/in/x.txt {work}/in/seen",
        "0",  # the store's secret is the server's
        "empty",
        "two.txt",
    ]
    log = data_log(shop, done)
    assert "tree: 2 files, 1 bytes" in log
    assert "is shown at in/seen" in log
    assert SECRET not in log


def test_a_command_gets_its_words_expanded(shop: RunningServer):
    references = {"one": reference("disk", "Download", pathOnDataStore="one.txt")}
    done = run(shop, references, command=["cat", "$AZUREML_DATAREFERENCE_one"])
    assert done["status"] == "Completed"
    assert shop.log(done["runId"]) == "1"


def test_a_notebook_finds_its_data(shop: RunningServer):
    cell = {
        "cell_type": "code",
        "source": "import os; print(open(os.environ['AZUREML_DATAREFERENCE_one']).read())",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "id": "a",
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    references = {"one": reference("disk", "Download", pathOnDataStore="one.txt")}
    body = {
        "source": {"notebook": notebook, "name": "n.ipynb"},
        "definition": {"configuration": {"dataReferences": references}},
    }
    answer = shop.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    assert shop.wait_for_end(answer.json()["runId"])["status"] == "Completed"


@pytest.mark.parametrize(("command", "status"), [("true", "Completed"), ("exit 3", "Failed")])
def test_a_store_is_the_destination_of_outputs(
    shop: RunningServer, folder: Path, command: str, status: str
):
    left = reference("disk", "Upload", pathOnCompute="outputs")
    left["pathOnDataStore"] = "kept/$AZUREML_RUN_ID"
    references = {
        "outputs": left,
        "other": reference("disk", "Upload"),
    }
    code = f"echo model > outputs/model; echo o > $AZUREML_DATAREFERENCE_other/o; {command}"
    done = run(shop, references, command=code)
    assert done["status"] == status, done["error"]
    assert (folder / "kept" / done["runId"] / "model").read_text() == "model\n"
    assert (folder / done["runId"] / "o").read_text() == "o\n"
    assert shop.client.get(f"{API}runs/{done['runId']}/outputs/model").text == "model\n"
    assert done["progress"] is None or done["progress"]["done"] is None


def test_memory_goes_from_run_to_run(shop: RunningServer):
    left = reference("memory", "Upload", pathOnCompute="outputs/a", pathOnDataStore="a")
    assert run(shop, {"x": left}, command="echo 7 > outputs/a")["status"] == "Completed"
    found = reference("memory", "Download", pathOnDataStore="a")
    done = run(shop, {"x": found}, command="cat $AZUREML_DATAREFERENCE_x")
    assert shop.log(done["runId"]) == "7\n"


def test_two_references_do_not_write_the_same_file(shop: RunningServer, folder: Path):
    references = {
        name: reference("disk", "Upload", pathOnCompute=name, pathOnDataStore="same")
        for name in ("one", "two")
    }
    done = run(shop, references, command="for x in one two; do mkdir -p $x; echo $x > $x/f; done")
    assert done["error"]["code"] == "UploadRefused"
    both = "dataReferences.one and dataReferences.two would both write same/f of datastore 'disk'"
    assert both in done["error"]["message"]
    assert not (folder / "same").exists()


def test_nothing_is_replaced_unasked(shop: RunningServer, folder: Path):
    (folder / "best").mkdir()
    (folder / "best" / "model").write_text("theirs")
    left = reference("disk", "Upload", pathOnCompute="outputs", pathOnDataStore="best")
    done = run(shop, {"x": left}, command="echo mine > outputs/model")
    assert done["error"]["code"] == "UploadRefused"
    assert "best/model of datastore 'disk' would be replaced" in done["error"]["message"]
    assert done["exitCode"] == 0
    assert (folder / "best" / "model").read_text() == "theirs"
    assert shop.client.get(f"{API}runs/{done['runId']}/outputs/model").text == "mine\n"
    left["overwrite"] = True
    assert run(shop, {"x": left}, command="echo mine > outputs/model")["status"] == "Completed"
    assert (folder / "best" / "model").read_text() == "mine\n"
    found = reference("disk", "Download", pathOnDataStore="one.txt", pathOnCompute="mine/a.txt")
    done = run(shop, {"x": found}, command="cat mine/a.txt")
    assert done["error"]["code"] == "DownloadRefused"
    found["overwrite"] = True
    done = run(shop, {"x": found}, command="cat mine/a.txt")
    assert shop.log(done["runId"]) == "1"
    seen = reference("disk", "Mount", pathOnCompute="mine")
    assert run(shop, {"x": seen}, command="true")["error"]["code"] == "MountFailed"


def test_a_retry_has_its_data(shop: RunningServer):
    references = {"one": reference("disk", "Download", pathOnDataStore="one.txt")}
    code = "cat $AZUREML_DATAREFERENCE_one; test -e again || { touch again; exit 1; }"
    done = run(shop, references, command=code, retries=1)
    assert (done["status"], done["attempt"]) == ("Completed", 2), done["error"]


def test_a_cancel_ends_a_download(shop: RunningServer, web: WebStore):
    web.sent, web.gate_at = 0, 2**20
    web.waiting.clear()
    found = reference("web", "Download", pathOnDataStore="large")
    run_id = post(shop, {"x": found}, command="true").json()["runId"]
    assert web.waiting.wait(30)
    assert shop.run(run_id)["status"] == "Preparing"
    shop.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert shop.wait_for_end(run_id, 5)["status"] == "Canceled"
    web.gate_at = None
    web.gate.set()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"pathOnDataStore": "../../etc"}, "pathOnDataStore", "leaves its folder"),
        ({"pathOnDataStore": "/etc"}, "pathOnDataStore", "is absolute"),
        ({"pathOnDataStore": "a\0b"}, "pathOnDataStore", "control character"),
        ({"pathOnCompute": "../x"}, "pathOnCompute", "leaves its folder"),
        ({"pathOnCompute": "/data"}, "pathOnCompute", "is absolute"),
        ({"pathOnCompute": "C:\\data"}, "pathOnCompute", "backslashes"),
        ({"pathOnCompute": "x/" * 3000}, "pathOnCompute", "too long"),
        ({"dataStoreName": "nope"}, "dataStoreName", "there are: disk, fixed, memory, web"),
        ({"dataStoreName": None}, "dataStoreName", "name a datastore; there are: disk"),
        ({"dataStoreName": "broken"}, "dataStoreName", "its url has no protocol"),
        ({"dataStoreName": "unset"}, "dataStoreName", "has no variable NOBODY_SETS_THIS"),
        ({"dataStoreName": "web", "mode": "Mount"}, "mode", "set mode to Download"),
        ({"dataStoreName": "web", "mode": "Upload"}, "mode", "is read-only"),
        ({"dataStoreName": "fixed", "mode": "Upload"}, "mode", "is read-only"),
        ({"mode": "Mount", "pathOnCompute": "."}, "pathOnCompute", "the whole folder"),
        ({"pathOnCompute": "z/deep"}, "pathOnCompute", "the same place"),
    ],
)
def test_what_is_refused(shop: RunningServer, changes: dict[str, Any], field: str, words: str):
    references = {
        "z": reference("disk", "Download", pathOnCompute="z"),
        "x": {**reference("disk", "Download"), **changes},
    }
    answer = post(shop, references, command="true")
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"] == f"definition.configuration.dataReferences.x.{field}"
    assert words in fault["message"]
    assert SECRET not in answer.text
    assert "pa55word" not in answer.text


def test_a_name_that_is_no_variable(shop: RunningServer):
    answer = post(shop, {"a b": reference("disk", "Download")}, command="true")
    assert answer.status_code == 400
    assert "letters, digits" in answer.text


def test_a_path_that_is_not_there(shop: RunningServer):
    done = run(shop, {"x": reference("disk", "Download", pathOnDataStore="no")}, command="true")
    assert done["error"]["code"] == "DownloadFailed"
    assert done["error"]["message"].endswith("/no: it does not exist")
    done = run(shop, {"x": reference("disk", "Mount", pathOnDataStore="no")}, command="true")
    assert done["error"]["code"] == "MountFailed"


def test_a_link_that_leaves_the_store(shop: RunningServer, folder: Path, tmp_path: Path):
    (tmp_path / "secret").write_text("s")
    (folder / "linked" / "deep").mkdir(parents=True)
    (folder / "linked" / "fine.txt").write_text("f")
    (folder / "linked" / "deep" / "way").symlink_to(tmp_path)
    references = {
        "fine": reference("web", "Download", pathOnDataStore="w.txt"),
        "x": reference("disk", "Download", pathOnDataStore="linked"),
    }
    try:
        done = run(shop, references, command="true")
    finally:
        (folder / "linked" / "deep" / "way").unlink()
    assert done["error"]["code"] == "DatastoreFailed"
    assert done["error"]["message"].startswith(
        "dataReferences.x: linked/deep/way of datastore 'disk' is a link that leaves it, and is "
        "not followed; nothing was transferred."
    )
    assert "fine: w.txt, 3 bytes" not in data_log(shop, done), "it had begun"
    assert run(shop, references, command="cat dataReferences/x/*")["status"] == "Completed"


def test_the_list_of_stores(shop: RunningServer):
    answer = shop.client.get(API + "datastores")
    stores = {store["name"]: store for store in answer.json()["datastores"]}
    assert SECRET not in answer.text
    assert "pa55word" not in answer.text
    assert stores["login"]["url"] == "s3://bucket/x"
    assert stores["fixed"]["readOnly"] is True
    assert stores["web"]["readOnly"] is True
    assert stores["disk"]["reachable"] is None
    assert "no protocol" in stores["broken"]["error"]
    answer = shop.client.get(API + "datastores", params={"check": "1"})
    reachable = {store["name"]: store["reachable"] for store in answer.json()["datastores"]}
    assert SECRET not in answer.text
    assert "pa55word" not in answer.text
    assert [reachable[name] for name in ("disk", "memory", "gone", "unset")] == [
        True,
        True,
        False,
        False,
    ]
