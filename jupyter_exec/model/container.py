"""What a container is made from, without a word about which engine makes it (floor: model)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ContainerOptions:
    """What a definition asks for besides the image.

    Attributes:
        network: `none`, `bridge`, or the name of a network that is there; None = the target's own
            choice.
        shm_bytes: size of /dev/shm; None = the engine's.
    """

    network: str | None = None
    shm_bytes: int | None = None


@dataclass(frozen=True)
class Container:
    """What the processes of a job run in.

    Attributes:
        image: as the engine knows it: an id or a reference that it has already; None = every role
            has its own.
        options: of each container of the job.
    """

    image: str | None
    options: ContainerOptions = ContainerOptions()
