from __future__ import annotations

import pytest

from jupyter_exec.magics.arguments import (
    CELL,
    LINE,
    OPTIONS,
    UsageFault,
    runs_parser,
    submit_help,
    submit_parser,
)


def test_every_option_of_a_cell_is_read():
    line = (
        "--name 'my run' --experiment e --target local --env r.txt --cpus 0.5 --memory 2G --gpus 1 "
        "--time-limit 2h --retries 3 --in a,b --in c --out d --wait --script --files '*.py' "
        "--link data/ --no-snapshot --tag k=v --tag l=w"
    )
    values = submit_parser(CELL).read(line)
    assert (values.name, values.experiment, values.target) == ("my run", "e", "local")
    assert (values.cpus, values.memory, values.gpus, values.retries) == (0.5, "2G", 1, 3)
    assert (values.inputs, values.outputs, values.tag) == (["a,b", "c"], ["d"], ["k=v", "l=w"])
    assert (values.wait, values.script, values.no_snapshot) == (True, True, True)
    assert (values.files, values.link, values.time_limit) == (["*.py"], ["data/"], "2h")


def test_what_comes_after_two_dashes_is_the_scripts_own():
    values = submit_parser(LINE).read("train.py --cpus 2 -- --cpus 4 -- x")
    assert (values.source, values.cpus) == ("train.py", 2.0)
    assert values.arguments == ["--cpus", "4", "--", "x"]


def test_defaults_of_one_line_do_not_leak_into_the_next():
    parser = submit_parser(CELL)
    parser.read("--in a --tag x=y")
    assert parser.read("").inputs == []
    assert parser.read("").tag == []


@pytest.mark.parametrize(
    ("magic", "line", "says"),
    [
        (CELL, "--tme-limit 3", "did you mean --time-limit?"),
        (CELL, "--xyzzy", "there is no option --xyzzy"),
        (CELL, "-p a=1", "-p belongs to %submit"),
        (LINE, "a.py --in x", "--in belongs to %%submit"),
        (CELL, "train.py", "train.py is too much"),
        (CELL, "--cpus two", "'two' is not a number"),
        (CELL, "--gpus 1.5", "'1.5' is not a whole number"),
        (CELL, "--name", "--name: expected one argument"),
        (LINE, 'a.py --name "x', "no closing quotation"),
        (CELL, "--wait=3", "--wait: ignored explicit argument"),
    ],
)
def test_a_wrong_line_is_named_in_one_line(magic, line, says):
    with pytest.raises(UsageFault) as caught:
        submit_parser(magic).read(line)
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith(magic)


@pytest.mark.parametrize("line", ["--status Sleeping", "-n many", "--nope", "a b"])
def test_runs_names_what_is_wrong(line):
    with pytest.raises(UsageFault, match="%runs: "):
        runs_parser().read(line)


def test_the_help_names_every_option():
    text = submit_help()
    for option in OPTIONS:
        assert f"  {option.name} " in text
        assert option.help in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_container_is_asked_for_by_its_image_and_options():
    line = "train.py --image python:3.12 --docker-arg '--shm-size 2g' --docker-arg=--init"
    values = submit_parser(LINE).read(line)
    assert values.image == "python:3.12"
    assert values.docker_arg == ["--shm-size 2g", "--init"]
    assert submit_parser(LINE).read("train.py").docker_arg == []
