"""`docker.arguments`: what can be read, what is refused, and where the answer says so."""

from __future__ import annotations

import os
import socket

import pytest

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.container import Bind, ContainerOptions, Port, Ulimit
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.docker_arguments import parse_docker_arguments
from jupyter_exec.targets.container_faults import Permissions, container_faults

FIELD = "configuration.environment.docker.arguments"


def options(*arguments):
    found, faults = parse_docker_arguments(arguments)
    assert faults == []
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ["--shm-size", "2g"],
        ["--shm-size=2g"],
        ["--shm-size 2g"],
        ["--init --shm-size 2g"],
        ["-it", "--rm", "--shm-size=2048m", "-d"],
    ],
)
def test_an_option_and_its_value_come_in_one_text_or_in_two(arguments):
    assert options(*arguments).shm_bytes == 2 * 2**30


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-v/a:/b:ro"], {"binds": (Bind("/b", "/a", read_only=True),)}),
        (["-v", "/a b:/c"], {"binds": (Bind("/c", "/a b"),)}),
        (["-v", "/c"], {"binds": (Bind("/c"),)}),
        (["-v", "data:/c:rw,z"], {"binds": (Bind("/c", "data"),)}),
        (
            ["--mount", "type=bind,src=/a,dst=/b,readonly"],
            {"binds": (Bind("/b", "/a", read_only=True),)},
        ),
        (["--mount=type=tmpfs,target=/t,tmpfs-size=1m"], {"tmpfs": {"/t": "size=1m"}}),
        (["--tmpfs", "/t:size=64m,mode=1777"], {"tmpfs": {"/t": "size=64m,mode=1777"}}),
        (["-e", "A=b c", "--env=B=1=2"], {"env": {"A": "b c", "B": "1=2"}}),
        (["-eA=b"], {"env": {"A": "b"}}),
        (['-e "A=b c"'], {"env": {"A": "b c"}}),
        (["-m=2g", "--cpus=1.5"], {"memory_bytes": 2**31, "cpus": 1.5}),
        (["-u", "1000:100"], {"user": "1000:100"}),
        (["-h", "node"], {"hostname": "node"}),
        (["-p", "8080:80"], {"ports": (Port(80, "tcp", 8080),)}),
        (["-p", "80/udp"], {"ports": (Port(80, "udp"),)}),
        (["-p", "0.0.0.0:8080:80"], {"ports": (Port(80, "tcp", 8080, "0.0.0.0"),)}),
        (["-p", "127.0.0.1::80"], {"ports": (Port(80),)}),
        (["--network=none"], {"network": "none"}),
        (["--net", "host"], {"network": "host"}),
        (["--network=default"], {}),
        (["--network=none", "--net=default"], {}),
        (
            ["--ipc=private", "--pid=container:x"],
            {"ipc_mode": "private", "pid_mode": "container:x"},
        ),
        (
            ["--ulimit", "memlock=-1", "--ulimit=nofile=1024:4096"],
            {"ulimits": (Ulimit("memlock", -1, -1), Ulimit("nofile", 1024, 4096))},
        ),
        (
            ["--cap-add=CAP_SYS_PTRACE", "--cap-drop=all"],
            {"cap_add": ("SYS_PTRACE",), "cap_drop": ("ALL",)},
        ),
        (["--add-host", "db:10.0.0.1"], {"extra_hosts": {"db": "10.0.0.1"}}),
        (["--privileged", "--init=false", "--read-only"], {"privileged": True, "read_only": True}),
        (["--gpus", "all", "--ipc=host"], {"gpus": "all", "ipc_mode": "host"}),
        (
            ["--label", "team=a b", "--entrypoint", ""],
            {"labels": {"team": "a b"}, "entrypoint": ""},
        ),
        (["--security-opt", "no-new-privileges"], {"security_opt": ("no-new-privileges",)}),
    ],
)
def test_every_option_means_what_it_means_to_docker_run(arguments, expected):
    assert options(*arguments) == ContainerOptions(**expected)


@pytest.mark.parametrize(
    ("arguments", "index", "told"),
    [
        (["--rm", "--cpsu=2"], 1, "did you mean --cpus?"),
        (["--cidfile=/tmp/x"], 0, "Known: --add-host"),
        (["-x"], 0, "no option '-x'"),
        (["--init", "--cpus", "many"], 1, "not a number of processors"),
        (["--cpus", "nan"], 0, "not a number of processors"),
        (["--shm-size"], 0, "needs a value"),
        (["--label=a b"], 0, "'b' belongs to no option"),
        (["ubuntu"], 0, "belongs to no option"),
        (['-e "A=b'], 0, "No closing quotation"),
        (["-e", "HOME"], 0, "NAME=value"),
        (["-e", "A B=c"], 0, "NAME=value"),
        (["-v", "./x:/y"], 0, "not an absolute path"),
        (["-v", "/a/../../etc:/y"], 0, "without '..'"),
        (["-v", "/a:/b:rshared"], 0, "rshared"),
        (
            ["--mount", "type=bind,source=/a,target=/b,bind-propagation=shared"],
            0,
            "bind-propagation",
        ),
        (["--mount", "type=npipe,source=/a,target=/b"], 0, "no mount"),
        (["-p", "99999:80"], 0, "not a port"),
        (["-w", "/x"], 0, "own folder"),
        (["--name=mine"], 0, "leave it out"),
        (["--label", "jupyter_exec.run=other"], 0, "no name for a label of yours"),
        (["--ulimit", "nofile"], 0, "not a limit"),
        (["--gpus", "device=0"], 0, "a number of GPUs"),
        (["--init=perhaps"], 0, "neither true nor false"),
        (["--pid=foo"], 0, "--pid: 'foo' is none of its values: give 'host' or 'container:NAME'"),
        (["--pid=private"], 0, "give 'host' or 'container:NAME', or leave it out"),
        (["--uts=private"], 0, "--uts: 'private' is none of its values: give 'host', or leave"),
        (["--uts=container:x"], 0, "give 'host', or leave it out"),
        (["--userns=keep-id"], 0, "--userns: 'keep-id' is none of its values: give 'host'"),
        (["--ipc=foo"], 0, "give 'host' or 'none' or 'private' or 'shareable' or 'container:NAME'"),
        (["--network", "a b"], 0, "is not a network: give none, bridge, or the name of one"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(arguments, index, told):
    _, faults = parse_docker_arguments(arguments)
    assert [fault.target for fault in faults] == [f"{FIELD}[{index}]"]
    assert told in faults[0].message


def test_all_faults_are_told_at_once_and_the_rest_is_read():
    found, faults = parse_docker_arguments(["--cpus=x", "--init", "--nope", "-e", "A"])
    assert [fault.target for fault in faults] == [f"{FIELD}[0]", f"{FIELD}[2]", f"{FIELD}[3]"]
    assert found.init


def refused(arguments, **permissions):
    environment = {"docker": {"enabled": True, "arguments": arguments}}
    configuration = RunConfiguration.model_validate({"environment": environment})
    return container_faults(configuration, Permissions(**permissions))


GIVES_THE_HOST = [
    (["--privileged"], "privileged"),
    (["--pid=host"], "host-pid"),
    (["--ipc", "container:other"], "host-ipc"),
    (["--uts=host"], "host-uts"),
    (["--userns=host"], "host-userns"),
    (["--net=host"], "host-network"),
    (["--device=/dev/sda"], "device"),
    (["--cap-add=SYS_ADMIN"], "cap-add"),
    (["--security-opt", "seccomp=unconfined"], "security-opt"),
    (["--gpus=all"], "gpus"),
    (["-v", "pgdata:/x"], "volume"),
    (["-p", "0.0.0.0:80:80"], "publish"),
]


@pytest.mark.parametrize(("arguments", "word"), GIVES_THE_HOST)
def test_what_gives_the_host_is_refused_unless_the_operator_allows_it(arguments, word):
    faults = refused(["--init", *arguments])
    assert [fault.target for fault in faults] == [f"{FIELD}[1]"]
    assert f"allow='{word}'" in faults[0].message
    assert refused(["--init", *arguments], allow=frozenset({word})) == []


def test_a_user_other_than_the_servers_is_refused():
    assert refused(["--user=1000:100"], uid=1000, gid=100) == []
    assert refused(["--user=1000"], uid=1000, gid=100) == []
    for other in ("0", "root", "1000:0", "1001"):
        assert len(refused(["--user", other], uid=1000, gid=100)) == 1
    for own in ("0", "0:0", "root"):
        assert refused(["-u", own], uid=0, gid=0) == []
    for other in ("1000", "nobody", "0:1000"):
        (fault,) = refused(["-u", other], uid=0, gid=0)
        assert "--user: it may only be 0:0; leave it out" in fault.message


def test_the_root_of_the_machine_cannot_be_bound():
    for arguments in (
        ["-v", "/:/host"],
        ["--volume=/:/host:ro"],
        ["--mount", "type=bind,source=/,target=/host"],
        ["-v", "/var/run/docker.sock:/var/run/docker.sock"],
    ):
        (fault,) = refused(arguments)
        assert fault.target == f"{FIELD}[0]"
        assert "outside the folders that may be bound: none" in fault.message


def test_binds_stay_below_their_roots_also_through_links(tmp_path):
    root = tmp_path / "root"
    (root / "data").mkdir(parents=True)
    (tmp_path / "rooted").mkdir()
    (root / "out").symlink_to("/etc")
    (root / "in").symlink_to(root / "data")
    roots = (str(root),)
    assert refused(["-v", f"{root}/data:/d"], bind_roots=roots) == []
    assert refused(["-v", f"{root}/in:/d"], bind_roots=roots) == []
    assert refused(["-v", f"{root}:/d"], bind_roots=roots) == []
    for outside in (f"{root}/out", f"{tmp_path}/rooted", f"{root}/out/ssh", "/etc"):
        (fault,) = refused(["-v", f"{outside}:/d"], bind_roots=roots)
        assert "outside" in fault.message
    (fault,) = refused(["-v", f"{root}/none:/d"], bind_roots=roots)
    assert "does not exist" in fault.message


def test_a_socket_is_no_folder_of_data(tmp_path):
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        bind = ["-v", f"{path}:/engine.sock"]
        (fault,) = refused(bind, bind_roots=(str(tmp_path),))
        assert "socket" in fault.message
        assert refused(bind, bind_roots=(str(tmp_path),), allow=frozenset({"socket"})) == []


def test_the_target_checks_again_and_follows_links_itself(tmp_path):
    (tmp_path / "data").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "data")
    permissions = Permissions(bind_roots=(str(tmp_path),))
    asked = options("-v", f"{link}:/d", "-v", "/cache")
    sources = [bind.source for bind in permissions.checked(asked).binds]
    assert sources == [os.path.realpath(tmp_path / "data"), None]
    link.unlink()
    link.symlink_to("/etc")
    with pytest.raises(RunFailed, match="outside the folders"):
        permissions.checked(asked)


def test_an_operators_slip_is_told():
    with pytest.raises(ValueError, match="everything: there are cap-add"):
        Permissions(allow=frozenset({"everything"}))
    with pytest.raises(ValueError, match="not an absolute path"):
        Permissions(bind_roots=("data",))
