"""Downloads are whole or not at all: web stores with bad moments, folders, memory."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

import fsspec
import pytest
from transfers import opened

from jupyter_exec.datastores import fetching, mishaps
from jupyter_exec.datastores.cache import DownloadCache

if TYPE_CHECKING:
    from pathlib import Path


LARGE = random.Random(5).randbytes(11 * 2**20 + 7)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(mishaps, "_LONGEST_PAUSE_S", 0.05)


def test_a_file_and_a_tree_of_a_folder(mover, tmp_path: Path):
    store = tmp_path / "store"
    (store / "sub" / "deep").mkdir(parents=True)
    (store / "one.csv").write_bytes(b"1")
    (store / "sub" / "empty").write_bytes(b"")
    (store / "sub" / "deep" / "ä b").write_bytes(b"2")
    (store / "sub" / "linked").symlink_to("../one.csv")
    shop = opened(f"file://{store}")
    assert mover.get(shop, "one.csv", "in.csv")["placed"] == {"x": "in.csv"}
    assert mover.get(shop, "one.csv", "folder/")["placed"] == {"x": "folder/one.csv"}
    assert mover.get(shop, "sub", "tree")["placed"] == {"x": "tree"}
    assert mover.files() == {
        "in.csv": b"1",
        "folder/one.csv": b"1",
        "tree/empty": b"",
        "tree/deep/ä b": b"2",
        "tree/linked": b"1",
    }
    assert not (mover.work / "tree" / "linked").is_symlink()
    (mover.work / "in.csv").write_bytes(b"changed")
    assert (store / "one.csv").read_bytes() == b"1"
    assert not mover.kept()
    assert "tree/" not in mover.log_text()
    assert "download done: 1 bytes" in mover.log_text()


def test_memory(mover):
    fs = fsspec.filesystem("memory")
    fs.pipe({"/shop/a/b": b"bb", "/shop/a/c/d": b""})
    try:
        answer = mover.get(opened("memory://shop"), "a", "in")
        assert answer["placed"] == {"x": "in"}
        assert mover.files() == {"in/b": b"bb", "in/c/d": b""}
    finally:
        fs.rm("/shop", recursive=True)


def test_links_do_not_lead_out_of_a_store(mover, tmp_path: Path):
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("s")
    (store / "way").symlink_to(tmp_path / "outside")
    for asked in ("way/secret", "way", ""):
        answer = mover.get(opened(f"file://{store}"), asked, "in")
        assert answer["code"] == "DatastoreFailed"
        named = "dataReferences.x: way of datastore 'shop' is a link that leaves it"
        if asked == "way/secret":
            named = named.replace("way of", "way/secret of")
        assert answer["error"].startswith(named)
        assert "nothing was transferred. Put what it leads to into the datastore" in answer["error"]
    (tmp_path / "by-link").symlink_to(store)
    answer = mover.get(opened(f"file://{tmp_path / 'by-link'}"), "", "in")
    assert "x: way of datastore" in answer["error"]
    (store / "way").unlink()
    (store / "loop").symlink_to(store)
    assert "loop" in mover.get(opened(f"file://{store}"), "", "in")["error"]
    assert not mover.files()


def test_a_place_that_is_taken(mover, tmp_path: Path):
    store = tmp_path / "store"
    store.mkdir()
    (store / "a").write_text("new")
    shop = opened(f"file://{store}")
    (mover.work / "a").write_text("old")
    answer = mover.get(shop, "a", "a")
    assert answer["code"] == "DownloadRefused"
    assert "a is in the run's folder already; set overwrite" in answer["error"]
    assert mover.files() == {"a": b"old"}
    assert "placed" in mover.get(shop, "a", "a", overwrite=True)
    assert mover.files() == {"a": b"new"}
    (mover.work / "away").symlink_to(tmp_path)
    answer = mover.get(shop, "a", "away/a", overwrite=True)
    assert answer["code"] == "DownloadRefused"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["/none", "/none/"])
def test_what_is_not_there(mover, web, name: str):
    answer = mover.get(opened(web.url), name.lstrip("/"), "in")
    assert answer["code"] == "DownloadFailed"
    assert "none: it does not exist" in answer["error"]
    assert len(web.asked) < 4, "tried again in vain"


def test_500_three_times(mover, web):
    web.files["/a"] = b"content"
    web.failures = 3
    assert "placed" in mover.get(opened(web.url), "a", "a")
    assert mover.files() == {"a": b"content"}
    assert "the store answers 500; trying again" in mover.log_text()


def test_500_for_ever(mover, web):
    web.files["/a"] = b"content"
    web.failures = 1000
    answer = mover.get(opened(web.url), "a", "a")
    assert answer["code"] == "DownloadFailed"
    assert answer["error"].endswith("/a: the store answers 500")
    assert not mover.files()


def test_connections_are_cut(mover, web):
    web.files["/large"] = LARGE
    web.cut_after = 3 * 2**20
    assert "placed" in mover.get(opened(web.url), "large", "large")
    assert mover.files() == {"large": LARGE}
    assert "trying again" in mover.log_text()
    starts = [each.split("=")[1].split("-")[0] for each in web.ranges_of("/large") if each]
    assert len(set(starts)) > 3
    assert web.sent < 4 * len(LARGE)


def test_what_came_before_a_cut_is_not_asked_for_again(mover, web):
    web.files["/small"] = LARGE[: 3 * 2**20]  # less than one block
    web.cut_after = 2**20
    assert "placed" in mover.get(opened(web.url), "small", "small")
    assert mover.files() == {"small": LARGE[: 3 * 2**20]}
    starts = [int(each.split("=")[1].split("-")[0]) for each in web.ranges_of("/small") if each]
    assert starts == [0, 2**20, 2**21]
    assert web.sent == 3 * 2**20
    assert "the connection broke off after 1048576 bytes; trying again" in mover.log_text()


def test_the_rest_of_another_version_is_not_taken(mover, web):
    web.files["/small"] = LARGE[: 3 * 2**20]
    web.gate_at, web.cut_after = 2**20, 2**21
    answer: dict[str, str] = {}
    getting = threading.Thread(
        target=lambda: answer.update(mover.get(opened(web.url), "small", "small"))
    )
    getting.start()
    assert web.waiting.wait(30)
    web.files["/small"] = b"x" * 3 * 2**20
    web.gate.set()
    getting.join(60)
    assert answer["code"] == "DownloadFailed"
    assert "was changed while it was fetched" in answer["error"]
    assert not mover.files()


def test_a_connection_that_ends_early_without_a_size(mover, web):
    web.files["/large"] = LARGE
    web.says_size = False
    assert "placed" in mover.get(opened(web.url), "large", "large")
    assert mover.files() == {"large": LARGE}


def test_a_server_without_ranges(mover, web):
    web.files["/large"] = LARGE
    web.ranges = False
    assert "placed" in mover.get(opened(web.url), "large", "large")
    assert mover.files() == {"large": LARGE}


def test_a_web_tree(mover, web):
    web.files |= {"/d/a%20b": b"1", "/d/sub/c": b"", "/e": b"3"}
    assert "placed" in mover.get(opened(web.url), "d/", "in")
    assert mover.files() == {"in/a b": b"1", "in/sub/c": b""}


def test_what_stays_of_a_download_is_not_taken_for_whole(mover, web, monkeypatch):
    monkeypatch.setattr(fetching, "BLOCK_BYTES", 2**18)
    web.files["/large"] = LARGE
    web.gate_at = 6 * 2**20
    shop = opened(web.url)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(mover.get(shop, "large", "large")))
    waiting.start()
    assert web.waiting.wait(20)
    mover.stop.set()
    web.gate.set()
    waiting.join(30)
    assert answers[0]["code"] == "Canceled"
    assert not (mover.work / "large").exists()
    (part,) = mover.kept()
    assert part.name.endswith(".part")
    had = part.stat().st_size
    assert 0 < had < len(LARGE)
    mover.stop.clear()
    web.sent, web.asked = 0, []
    assert "placed" in mover.get(shop, "large", "large")
    assert mover.files() == {"large": LARGE}
    assert web.sent == len(LARGE) - had
    assert [path.suffix for path in mover.kept()] == [""]


def test_the_cache(mover, web):
    web.files["/a"] = b"first"
    shop = opened(web.url)
    mover.get(shop, "a", "one")
    sent = web.sent
    mover.get(shop, "a", "two")
    assert web.sent == sent
    assert "a, 5 bytes, from the cache" in mover.log_text().replace(web.url + "/", "")
    (mover.work / "two").write_bytes(b"x" * 9)  # a run may change what it has
    web.files["/a"] = b"other"
    mover.get(shop, "a", "three")
    mover.get(shop, "a", "four", cache_bytes=0)
    web.files["/a"] = b"first"
    mover.get(shop, "a", "five")
    assert mover.files() == {
        "one": b"first",
        "two": b"x" * 9,
        "three": b"other",
        "four": b"other",
        "five": b"first",
    }


def test_the_cache_keeps_what_was_of_use_last(tmp_path: Path):
    cache = DownloadCache(tmp_path, 25)
    (tmp_path / "ab").mkdir()
    for age, name in enumerate(["new", "middle", "old", "older.part"]):
        path = tmp_path / "ab" / name
        path.write_bytes(b"x" * 10)
        os.utime(path, (1e9 - age, 1e9 - age))
    fresh = tmp_path / "ab" / "fresh.part"
    fresh.write_bytes(b"x" * 100)
    assert cache.collect() == 20
    assert sorted(path.name for path in (tmp_path / "ab").iterdir()) == [
        "fresh.part",
        "middle",
        "new",
    ]


def test_two_want_the_same(mover, web):
    web.files["/large"] = LARGE
    shop = opened(web.url)
    both = [threading.Thread(target=mover.get, args=(shop, "large", place)) for place in ("a", "b")]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert mover.files() == {"a": LARGE, "b": LARGE}
    assert web.sent == len(LARGE)


def test_a_checksum_that_does_not_fit(mover, web, monkeypatch):
    web.files["/a"], web.md5 = b"content", True
    assert "placed" in mover.get(opened(web.url), "a", "good")
    monkeypatch.setattr(fetching, "_checksum", lambda *_: "0" * 32)
    web.files["/a"] = b"contenu"
    answer = mover.get(opened(web.url), "a", "bad")
    assert answer["code"] == "DownloadFailed"
    assert "its checksum (md5) is 000" in answer["error"]
    assert "placed" in mover.get(opened(web.url, checksum=False), "a", "again")
    assert sorted(mover.files()) == ["again", "good"]


def test_secrets_go_to_the_store_and_nowhere_else(mover, web):
    web.files["/a"], web.token = b"content", "Bearer hush-hush"
    header = {"headers": {"Authorization": {"env": "WORD"}}}
    wrong = mover.get(opened(web.url, options=header), "a", "a")
    assert wrong["code"] == "DownloadFailed"
    assert "hush" not in str(wrong) + mover.log_text()
    web.token = "hush-hush"
    assert "placed" in mover.get(opened(web.url, options=header), "a", "a")
    assert "hush" not in mover.log_text()


def test_a_silent_store_is_given_up(mover, web, monkeypatch):
    from jupyter_exec.datastores import program

    monkeypatch.setattr(program.serve, "__defaults__", (0.5,))
    web.files["/large"], web.gate_at = LARGE, 2**20
    answer = mover.get(opened(web.url), "large", "large")
    assert answer["error"] == "nothing has come or gone for 0.5 s"
    assert not mover.files()
    mover.stop.set()
