"""From an experiment's specification to a Job: golden values."""

from __future__ import annotations

import json

import pytest

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.experiment import ExperimentLauncher
from jupyter_exec.launchers.threads import VARIABLES
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.experiment import CodeSpec, without_credentials
from jupyter_exec.model.git_url import parse_git_url, without_userinfo
from jupyter_exec.model.job import Address, Job, Resources, Role

LAUNCHER = ExperimentLauncher()
FIELD = "configuration.experiment"
ONE_THREAD = dict.fromkeys(VARIABLES, "1")


def configuration(framework, spec, meta=None, more=None, **fields):
    experiment = {"meta": {"framework": framework, "cmd": "run", **(meta or {})}, "spec": spec}
    return RunConfiguration.model_validate({"experiment": experiment | (more or {}), **fields})


def plan(*arguments, **fields):
    context = LaunchContext(
        "experiment_1_0001", "/runs/1/work", "/env/bin/python", "/server/python", None, {"A": "1"}
    )
    return LAUNCHER.plan(configuration(*arguments, **fields), context)


def faults(*arguments, **fields):
    return {
        fault.target.removeprefix(f"{FIELD}."): fault.message
        for fault in LAUNCHER.faults(configuration(*arguments, **fields))
    }


def test_tensorflow():
    spec = {
        "ps": {"replicas": 2, "resources": "cpu=500m,memory=1Gi"},
        "WORKER": {"cmd": "python3 -c 'x' | tee y", "envVars": {"B": "own"}},
    }
    meta = {"envVars": {"B": "all", "C": "all", "JOB_ID": "x"}, "cmd": "run $CODE_PATH/current"}
    code = {"code": {"url": "https://host/x.git"}}
    told = {"JOB_ID": "experiment_1_0001", "CODE_PATH": "/runs/1/work/code"}
    assert plan("tensorflow", spec, meta, code, maxRunDurationSeconds=60) == Job(
        (
            Role(
                "ps",
                ("/bin/bash", "-c", "run $CODE_PATH/current"),
                2,
                {**ONE_THREAD, "B": "all", "C": "all", **told},
                Resources(0.5, 2**30),
                listens=True,
            ),
            Role(
                "worker",
                ("/bin/bash", "-c", "python3 -c 'x' | tee y"),
                1,
                {**ONE_THREAD, "B": "own", **told},  # a role's own replace the others, all of them
                Resources(),
                listens=True,
            ),
        ),
        {"A": "1"},
        60,
        deciders=frozenset({("worker", 0)}),
        python="/env/bin/python",
    )


@pytest.mark.parametrize("framework", ["PyTorch", "XGBoost"])
def test_master_and_workers(framework):
    job = plan(framework, {"Worker": {"replicas": 3}, "Master": {}})
    assert [(role.name, role.replicas, role.listens) for role in job.roles] == [
        ("worker", 3, False),
        ("master", 1, True),
    ]
    assert job.deciders == {("master", 0)}
    json.dumps(job.as_json())


@pytest.mark.parametrize(
    ("roles", "decider"),
    [
        (["Ps", "Worker"], "worker"),
        (["Worker", "Chief", "Evaluator"], "chief"),
        (["Master", "Ps"], "master"),
    ],
)
def test_whose_end_is_the_end(roles, decider):
    job = plan("TensorFlow", {role: {} for role in roles})
    assert job.deciders == {(decider, 0)}
    assert job.decides(next(role for role in job.roles if role.name == decider), 0)
    assert not job.decides(next(role for role in job.roles if role.name != decider), 0)


def test_nobody_takes_a_runs_identity():
    variables = {"JUPYTER_EXEC_TOKEN": "x", "AZUREML_RUN_ID": "x", "JUPYTER_EXECUTE": "y"}
    role = plan("TensorFlow", {"Worker": {"envVars": variables}}).roles[0]
    assert role.env == {"JUPYTER_EXECUTE": "y", "JOB_ID": "experiment_1_0001"}


def test_at_most_500_replicas():
    assert faults("TensorFlow", {"Worker": {"replicas": 499}, "Ps": {}}) == {}
    message = "501 replicas are too many: all roles of an experiment have at most 500 together"
    assert faults("TensorFlow", {"Worker": {"replicas": 500}, "Ps": {}}) == {"spec": message}


def test_no_variables_of_its_own_are_none():
    job = plan("TensorFlow", {"Worker": {"envVars": {}}}, {"envVars": {"A": "1"}})
    assert job.roles[0].env == {"JOB_ID": "experiment_1_0001"}


def test_tf_config():
    spec = {"Chief": {}, "Worker": {"replicas": 2}, "Ps": {}, "Evaluator": {}}
    asked = configuration("TensorFlow", spec)
    roles = ["chief", "worker", "worker", "ps", "evaluator"]
    replicas = [(role, roles[:place].count(role)) for place, role in enumerate(roles)]
    addresses = {replica: Address("h", 1000 + n) for n, replica in enumerate(replicas)}
    told = LAUNCHER.replica_env(asked, addresses, ("worker", 1))
    assert list(told) == ["TF_CONFIG"]
    assert json.loads(told["TF_CONFIG"]) == {
        "cluster": {
            "chief": ["h:1000"],
            "worker": ["h:1001", "h:1002"],
            "ps": ["h:1003"],
            "evaluator": ["h:1004"],
        },
        "task": {"type": "worker", "index": 1},
        "environment": "cloud",
    }


@pytest.mark.parametrize("framework", ["PyTorch", "XGBoost"])
@pytest.mark.parametrize(
    ("replica", "rank"), [(("master", 0), "0"), (("worker", 0), "1"), (("worker", 1), "2")]
)
def test_ranks(framework, replica, rank):
    asked = configuration(framework, {"Master": {}, "Worker": {"replicas": 2}})
    told = LAUNCHER.replica_env(asked, {("master", 0): Address("h", 7)}, replica)
    tracker = {
        "DMLC_TRACKER_URI": "h",
        "DMLC_TRACKER_PORT": "7",
        "DMLC_NUM_WORKER": "3",
        "DMLC_TASK_ID": rank,
    }
    ranks = {"MASTER_ADDR": "h", "MASTER_PORT": "7", "WORLD_SIZE": "3", "RANK": rank}
    assert told == (ranks | tracker if framework == "XGBoost" else ranks)


@pytest.mark.parametrize(
    ("resources", "replicas", "env", "threads"),
    [
        ("cpu=2500m", 1, {}, "2"),
        ("memory=1G", 1, {}, None),
        ("memory=1G", 2, {}, "1"),
        ("cpu=4", 3, {"OMP_NUM_THREADS": "7"}, "7"),
    ],
)
def test_threads_follow_the_processors(resources, replicas, env, threads):
    worker = {"resources": resources, "replicas": replicas, "envVars": env}
    (role,) = plan("TensorFlow", {"Worker": worker}).roles
    assert role.env.get("OMP_NUM_THREADS") == threads


def test_need_is_of_all_replicas():
    spec = {
        "Ps": {"replicas": 2, "resources": "cpu=2,memory=1G"},
        "Worker": {"replicas": 3, "resources": "cpu=1,memory=2G,nvidia.com/gpu=1"},
    }
    assert LAUNCHER.need(configuration("TensorFlow", spec)) == Resources(7, 8 * 10**9, 3)


def test_need_that_was_not_filled_in():
    spec = {"Ps": {"resources": "cpu={{n}}"}, "Worker": {"resources": "memory={{m}}"}}
    with pytest.raises(InvalidRequest) as caught:
        LAUNCHER.need(configuration("TensorFlow", spec))
    assert [fault.target for fault in caught.value.faults] == [
        f"{FIELD}.spec.Ps.resources",
        f"{FIELD}.spec.Worker.resources",
    ]


@pytest.mark.parametrize(
    ("spec", "more"),
    [
        ({"Worker": {"image": "a/b:1"}}, {}),
        ({"Worker": {}}, {"environment": {"image": "a/b:1"}}),
        ({"Worker": {}}, {"environment": {"dockerImage": "a/b:1"}}),
    ],
)
def test_the_images_of_roles(spec, more):
    assert faults("TensorFlow", spec, None, more) == {}
    assert LAUNCHER.images(configuration("TensorFlow", spec, None, more)) == {"a/b:1"}


def test_one_role_without_an_image():
    spec = {"Ps": {}, "Worker": {"image": "a/b:1"}}
    assert set(faults("TensorFlow", spec)) == {"spec.Ps.image"}


@pytest.mark.parametrize(
    ("framework", "roles", "fields"),
    [
        ("TensorFlow", {"Ps": 1, "Evaluator": 1}, ["spec"]),
        ("PyTorch", {"Worker": 1}, ["spec"]),
        ("XGBoost", {"Worker": 2}, ["spec"]),
        ("PyTorch", {"Master": 2}, ["spec.Master.replicas"]),
        ("TensorFlow", {"Chief": 3}, ["spec.Chief.replicas"]),
        ("TensorFlow", {"Chief": 1, "Master": 1}, ["spec.Master"]),
        ("TensorFlow", {"Worker": 10**9}, ["spec"]),
        ("TensorFlow", {"Worker": 3, "Ps": 2}, []),
    ],
)
def test_roles(framework, roles, fields):
    spec = {role: {"replicas": count} for role, count in roles.items()}
    assert list(faults(framework, spec)) == fields


def test_all_faults_at_once():
    spec = {"Worker": {"cmd": " "}, "Ps": {"cmd": "a\0b"}, "Chief": {"replicas": 2}}
    more = {"code": {"syncMode": "git"}}
    assert list(faults("TensorFlow", spec, {"cmd": None}, more)) == [
        "spec.Chief.replicas",
        "spec.Worker.cmd",
        "spec.Ps.cmd",
        "spec.Chief.cmd",
        "code.url",
    ]


def test_a_framework_that_was_not_filled_in():
    assert "TensorFlow" in faults("{{framework}}", {"Any": {}})["meta.framework"]


@pytest.mark.parametrize(
    "code",
    [
        {"url": "hush"},
        {"url": "git://ann:hush@host/x"},
        {"url": "https://ann:hush@host/x"},
        {"url": "https://hush@host/x"},
        {"url": "ssh://git:hush@host/x"},
        {"git": {"url": "https://host/x", "password": "hush"}},
    ],
)
def test_code_without_address_or_with_a_password(code):
    ((field, message),) = faults("TensorFlow", {"Worker": {}}, None, {"code": code}).items()
    assert field == ("code.git.url" if "git" in code else "code.url")
    assert "hush" not in message


# ------------------------------------------------------------------ credentials

USER, PASSWORD = "JUPYTER_EXEC_GIT_USERNAME", "JUPYTER_EXEC_GIT_PASSWORD"


@pytest.mark.parametrize(
    ("code", "address", "found"),
    [
        ({"url": "https://host/x"}, "https://host/x", {}),
        (
            {"url": "https://a%40b:p%2Fq@host:1/x"},
            "https://host:1/x",
            {USER: "a@b", PASSWORD: "p/q"},
        ),
        ({"url": "https://token@host/x"}, "https://host/x", {USER: "token"}),
        ({"url": "ssh://git:p@host/x"}, "ssh://git@host/x", {PASSWORD: "p"}),
        ({"url": "git@host:x y.git"}, "git@host:x y.git", {}),
        ({"url": "https://[::1]:8/x"}, "https://[::1]:8/x", {}),
        (
            {"git": {"url": "https://a:b@host/x", "username": "c", "branch": "v"}},
            "https://host/x",
            {USER: "c", PASSWORD: "b"},
        ),
        ({"url": "{{url}}"}, "{{url}}", {}),
    ],
)
def test_credentials_are_taken_out(code, address, found):
    spec = CodeSpec.model_validate(code)
    bare, taken = without_credentials(spec)
    assert (bare.address, taken) == (address, found)
    assert bare.branch == spec.branch
    assert without_credentials(bare) == (bare, {})
    if bare.git:
        assert (bare.git.username, bare.git.password) == (None, None)


@pytest.mark.parametrize(
    "text", ["", "x", "/x", "ext::x", "-x:y", "ftp://h/x", "https://h", "file://other/x", "a:\nb"]
)
def test_no_address(text):
    with pytest.raises(ValueError, match=r"https://host/path.git|file:///path"):
        parse_git_url(text)


@pytest.mark.parametrize("text", ["git://a:hush@h/x", "https://a:hush@h:port/x", "x//a:hush@h"])
def test_what_is_shown_of_an_odd_address(text):
    assert "hush" not in without_userinfo(text)


def test_replicas_that_were_not_filled_in():
    spec = {"Worker": {"replicas": "{{n}}"}}
    assert list(faults("TensorFlow", spec)) == ["spec.Worker.replicas"]
    with pytest.raises(InvalidRequest):
        LAUNCHER.need(configuration("TensorFlow", spec))
