"""Paths that stay below their folder, and datastores as operators write them."""

from __future__ import annotations

import os.path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.datastores.config import Datastore
from jupyter_exec.datastores.places import overlap, relative


@given(st.text(alphabet="./\\~aä\0 C:\n", max_size=12))
def test_no_path_leaves_its_folder(path: str):
    try:
        found = relative(path)
    except ValueError:
        return
    assert os.path.normpath(f"/top/folder/{found}").startswith("/top/folder")
    assert "\0" not in found
    assert relative(found) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [(None, ""), ("", ""), (".", ""), ("a//b/./c/", "a/b/c"), ("..a/b..", "..a/b..")],
)
def test_plain_paths(path: str | None, found: str):
    assert relative(path) == found


@pytest.mark.parametrize(
    "path", ["..", "a/../b", "/a", "a\\b", "C:/a", "a\0", "a\nb", "x" * 300, "\ud800"]
)
def test_what_is_no_path(path: str):
    words = "leaves|absolute|backslashes|control|too long|not text"
    with pytest.raises(ValueError, match=words):
        relative(path)


def test_overlap():
    assert overlap("a", "a/b")
    assert overlap("a/b", "a")
    assert not overlap("a", "ab")
    assert overlap("", "a")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("s3://bucket", "without a url"),
        ({}, "without a url"),
        ({"url": "bucket"}, "no protocol"),
        ({"url": "file://data"}, "no absolute folder"),
        ({"url": "simplecache::s3://b"}, "no protocol"),
        ({"url": "https://host/?sig=hush"}, "has a query"),
        ({"url": "s3://b", "option": {}}, "'option', which is no setting"),
        ({"url": "s3://b", "options": []}, ""),
        ({"url": "s3://b", "options": {"a": object()}}, "not plain values"),
        ({"url": "s3://b", "options": "x"}, "not a mapping"),
    ],
)
def test_what_is_no_datastore(settings: object, words: str):
    if words:
        with pytest.raises(ValueError, match=words) as raised:
            Datastore.read("x", settings)
        assert "hush" not in str(raised.value)
    else:
        assert Datastore.read("x", settings).options == {}


def test_secrets_come_from_the_environment():
    options = {"key": {"env": "K"}, "deep": [{"client": {"env": "S"}}], "env": "plain", "n": 1}
    store = Datastore.read("x", {"url": "s3://ann:pw-in-url@b/p@q", "options": options})
    assert store.variables == {"K", "S"}
    assert store.opening({"K": "k", "S": "s"}) == {
        "key": "k",
        "deep": [{"client": "s"}],
        "env": "plain",
        "n": 1,
    }
    assert set(store.secrets({"K": "k", "S": "s"})) == {"k", "s", "pw-in-url"}
    assert store.shown_url == "s3://b/p@q"
    with pytest.raises(ValueError, match="no variable K"):
        store.opening({"S": "s"})
