"""A registry of images on this machine, which wants a name and a password."""

from __future__ import annotations

import io
import subprocess
import time
import uuid
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import docker
import httpx
from needs import need
from servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = "ann", "hush-hush-%9"
_HTPASSWD = (
    "$2b$04$8.gvBem6IJHm9/OhxG9fseIlhFc5Wv2oAxr5kCqfCDhlqZeDamLJO"  # bcrypt, of the two above
)
_CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/images}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}
"""
_START_S = 20.0


class Registry:
    """Where a registry listens, and what is in it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def push(self, engine_url: str, image: str, name: str) -> str:
        """Put what an image has, as another one, into the registry only; returns its name."""
        reference = f"{self.address}/{name}"
        text = f"FROM {image}\nLABEL pushed={uuid.uuid4()}\n".encode()
        with closing(docker.APIClient(base_url=engine_url, timeout=60)) as client:
            list(client.build(fileobj=io.BytesIO(text), tag=reference, rm=True))
            auth = {"username": USER, "password": PASSWORD}
            for item in client.push(reference, auth_config=auth, stream=True, decode=True):
                assert "error" not in item, item
            client.remove_image(reference, force=True)
        return reference

    def forget(self, engine_url: str) -> None:
        """Remove from an engine what was pulled from here."""
        with closing(docker.APIClient(base_url=engine_url, timeout=60)) as client:
            for image in client.images():
                if any(name.startswith(self.address) for name in image["RepoDigests"] or ()):
                    client.remove_image(image["Id"], force=True)


@contextmanager
def registry_with_password(folder: Path) -> Iterator[Registry]:
    """Have a registry as long as it is needed."""
    program = need("docker-registry", "scripts/engines")
    port = free_port()
    (folder / "htpasswd").write_text(f"{USER}:{_HTPASSWD}\n")
    (folder / "config.yml").write_text(_CONFIG.format(folder=folder, port=port))
    process = subprocess.Popen(
        [program, "serve", str(folder / "config.yml")], stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + _START_S
        while time.monotonic() < until and process.poll() is None:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/v2/", trust_env=False)
                assert answer.status_code == httpx.codes.UNAUTHORIZED
                break
            except httpx.TransportError:
                time.sleep(0.02)  # a port that opens can only be tried again
        yield Registry(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()
