"""Tab, asked the way a front end asks."""

from __future__ import annotations

import pytest

from jupyter_exec.magics.arguments import BOTH, CELL, LINE, OPTIONS


@pytest.fixture(scope="module")
def filled(kernel, server):
    kernel.execute("import os\nweights = [1]\nwidth = 2\n_hidden = 3")
    folder = server.root_dir / "work"
    (folder / "data").mkdir()
    (folder / "train.py").touch()
    (folder / "requirements.txt").touch()
    return kernel


@pytest.mark.parametrize(("magic", "where"), [("%%submit", CELL), ("%submit", LINE)])
def test_all_options(filled, magic, where):
    expected = {f"{magic} {option.name}" for option in OPTIONS if option.where in {BOTH, where}}
    assert set(filled.complete(f"{magic} -")) == expected


def test_an_option_that_was_given_is_not_offered_again_unless_it_may(filled):
    offers = filled.complete("%%submit --name x --tag a=b --")
    assert "%%submit --name x --tag a=b --name" not in offers
    assert "%%submit --name x --tag a=b --tag" in offers


@pytest.mark.parametrize(
    ("before", "offers"),
    [
        ("%%submit --ti", ["%%submit --time-limit"]),
        ("%%submit --target ", ["%%submit --target local", "%%submit --target docker"]),
        ("%%submit --target=l", ["%%submit --target=local"]),
        ("%%submit --in w", ["%%submit --in weights", "%%submit --in width"]),
        ("%%submit --in weights,w", ["%%submit --in weights,width"]),
        ("%%submit --in=wei", ["%%submit --in=weights"]),
        ("%%submit --env ", ["%%submit --env data/", "%%submit --env requirements.txt"]),
        ("%%submit --link ", ["%%submit --link data/"]),
        ("%submit tr", ["%submit train.py"]),
        ("%submit train.py --wa", ["%submit train.py --wait"]),
        ("%runs --status Can", ["%runs --status CancelRequested", "%runs --status Canceled"]),
    ],
)
def test_values(filled, before, offers):
    assert filled.complete(before) == offers


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ("%%submit -", "keyword"),
        ("%%submit --in w", "instance"),
        ("%%submit --env ", "path"),
        ("%submit tr", "path"),
        ("%%submit --target ", "text"),
        ("%runs --", "keyword"),
        ("%runs --status Can", "text"),
    ],
)
def test_kinds(filled, before, kind):
    assert filled.complete_kinds(before) == {kind}


def test_the_cell_below_is_python(filled):
    assert "%%submit --name x\nweights" in filled.complete("%%submit --name x\nwei")
