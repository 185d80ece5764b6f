"""An image, and in it a Python, or an environment that is built for it (floor: environments).

The image is found or pulled (`docker.baseImage`), or built (`docker.baseDockerfile`). Where the
definition has dependencies they are installed into a folder of the server, and runs see the folder
read-only: the image stays as it is. Pip packages are installed by programs in a container of that
image, for its Python. A conda environment brings its own, so it is the same as outside containers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.base import Environment, PreparedEnvironment, choose
from jupyter_exec.environments.bound_python import bound_python
from jupyter_exec.environments.built import BuildLog, Recipe, resolved
from jupyter_exec.environments.conda import KIND as CONDA
from jupyter_exec.environments.conda import CondaEnvironment
from jupyter_exec.environments.conda_dependencies import read_conda_dependencies
from jupyter_exec.environments.image_builds import has_instructions
from jupyter_exec.environments.image_pythons import ImagePythons
from jupyter_exec.environments.image_steps import ImageBuild, ImageLog
from jupyter_exec.environments.images import Image, Images
from jupyter_exec.environments.venv import KIND as VENV
from jupyter_exec.environments.venv import install, lock_requirements
from jupyter_exec.errors import Fault, RunFailed
from jupyter_exec.model.container import Container
from jupyter_exec.model.docker_arguments import parse_docker_arguments
from jupyter_exec.model.image_reference import check_address, check_reference
from jupyter_exec.model.job import Mount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from jupyter_exec.environments.base import EnvironmentRequest
    from jupyter_exec.environments.interpreters import Interpreter
    from jupyter_exec.model.container import Bind
    from jupyter_exec.model.environment import EnvironmentDefinition

KIND = "image"
_DOCKER = "configuration.environment.docker"


class ImageEnvironment(Environment):
    """The image that a definition names or describes, with what it shall have besides."""

    def __init__(self, root: Path, engine_url: str | None = None) -> None:
        super().__init__(root, engine_url)
        self._images = Images(engine_url or "", root)
        self._pythons = ImagePythons(self._images, root)
        self._conda = CondaEnvironment(root)
        self._cleaning = asyncio.Lock()
        self._clean = False

    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return what is wrong with the names, and with a list of packages."""
        docker = definition.docker
        faults: list[Fault] = []
        if docker.base_image and docker.base_dockerfile:
            message = "there is a baseImage too, and one of them is the image: leave one out"
            faults.append(Fault(f"{_DOCKER}.baseDockerfile", message))
        if docker.base_dockerfile and not has_instructions(docker.base_dockerfile):
            message = (
                "it has no instruction; give a Dockerfile's text, which begins with FROM, or name "
                "an image in baseImage"
            )
            faults.append(Fault(f"{_DOCKER}.baseDockerfile", message))
        if docker.base_image:
            faults += _fault_of(check_reference, docker.base_image, "baseImage")
        if docker.base_image_registry and docker.base_image_registry.address:
            address = docker.base_image_registry.address
            faults += _fault_of(check_address, address, "baseImageRegistry.address")
        kind = choose(definition)
        if kind == CONDA:
            faults += self._conda.faults(definition)
        elif kind == VENV:
            faults += read_conda_dependencies(definition.python.conda_dependencies or {})[1]
        return faults

    async def prepare(self, request: EnvironmentRequest) -> PreparedEnvironment:
        """Have the image and its Python; runs that need the same wait for one pull or build.

        Cancelling it ends the pull or the build, and removes its containers.

        Raises:
            RunFailed: the engine, the registry, the Dockerfile or a requirement is at fault; in
                one line.
        """
        docker = request.definition.docker
        try:
            await self._clean_once()
        except RunFailed as failure:
            names = [*sorted(request.images), docker.base_image or "of the Dockerfile"]
            raise RunFailed(failure.code, f"image {names[0]}: {failure.message}") from None
        log = BuildLog(request.log)
        recorded = request.recorded or {}
        images = {
            name: await self._image_of_role(name, recorded, request, log)
            for name in sorted(request.images)
        }
        image = await self._image(recorded, request, log)
        record: dict[str, Any] = {
            "kind": KIND,
            "images": {name: each.id for name, each in images.items()},
            "digests": {name: each.digest for name, each in images.items()},
        }
        if image is not None:
            record |= {"image": image.id, "reference": image.reference, "digest": image.digest}
        looked = image or next(iter(images.values()))
        ids = {each.id for each in images.values()}
        options, _ = parse_docker_arguments(docker.arguments, docker.shm_size)
        python, more, mounts = await self._python(looked, ids, request, recorded, options.binds)
        return PreparedEnvironment(
            python or "",
            {**record, **more},
            Container(image.id if image else None, options),
            {name: each.id for name, each in images.items()},
            mounts,
        )

    async def _clean_once(self) -> None:
        async with self._cleaning:
            if not self._clean:
                await self._images.clean()
            self._clean = True

    async def _image(
        self, recorded: Mapping[str, Any], request: EnvironmentRequest, log: BuildLog
    ) -> Image | None:
        docker = request.definition.docker
        reference = recorded.get("reference")
        found = await self._as_before(
            recorded.get("image"), recorded.get("digest"), reference, request, log
        )
        if found is not None:
            return found
        if docker.base_dockerfile:
            registry, secrets = docker.base_image_registry, request.secrets
            return await self._images.built(docker.base_dockerfile, registry, secrets, log)
        if docker.base_image:
            return await self._pulled(docker.base_image, request, log)
        if request.images:
            return None
        raise RunFailed("ImageMissing", f"{_DOCKER}.baseImage: name the image of the container")

    async def _image_of_role(
        self, name: str, recorded: Mapping[str, Any], request: EnvironmentRequest, log: BuildLog
    ) -> Image:
        before, digest = ((recorded.get(field) or {}).get(name) for field in ("images", "digests"))
        found = await self._as_before(before, digest, name, request, log)
        if found is not None:
            return found
        try:
            check_reference(name)
        except ValueError as error:
            raise RunFailed("ImageMissing", f"{name[:200]!r} {error}") from None
        return await self._pulled(name, request, log)

    async def _as_before(
        self,
        image: str | None,
        digest: str | None,
        reference: str | None,
        request: EnvironmentRequest,
        log: BuildLog,
    ) -> Image | None:
        """Return the very image that a run had, if the engine or the registry has it still.

        Args:
            image: its id.
            digest: by which it is pulled again.
            reference: as it is called.

        Raises:
            RunFailed: it cannot be pulled, for another reason than that it is not there.
        """
        if image is None:
            return None
        found = await self._images.find(image)
        if found is not None and not self._images.note_use(reference or image):
            return None
        if found is None and digest is not None:
            try:
                found = await self._pulled(digest, request, log)
            except RunFailed as failure:
                if failure.code != "ImageNotFound":
                    raise
        if found is None:
            log.say(
                f"the image of the run before, {digest or image}, is gone; taking what is there"
            )
            return None
        return Image(found.id, reference or image, digest or found.digest, found.path)

    async def _pulled(self, name: str, request: EnvironmentRequest, log: BuildLog) -> Image:
        registry = request.definition.docker.base_image_registry
        return await self._images.pulled(name, registry, request.secrets, log)

    async def _python(
        self,
        image: Image,
        ids: AbstractSet[str],
        request: EnvironmentRequest,
        recorded: Mapping[str, Any],
        binds: Sequence[Bind],
    ) -> tuple[str | None, dict[str, Any], tuple[Mount, ...]]:
        """Return the interpreter, what the record says of it, and what it needs.

        Args:
            image: that is looked into.
            ids: of the images that roles name.
            binds: what the containers see besides.
        """
        asked = request.definition.python.interpreter_path
        kind = choose(request.definition)
        if kind == VENV and ids - {image.id}:
            message = (
                "the pip packages are for the Python of one image, and the roles have several: "
                "give all of them the same image, or leave the packages out"
            )
            raise RunFailed("EnvironmentFailed", message)
        if kind == CONDA:
            made = await self._conda.prepare(request)
            folder = self.root / str(made.record["hash"])
            return made.python, dict(made.record), (Mount(str(folder)),)
        if kind != VENV:
            bound = await asyncio.to_thread(bound_python, asked, binds)
            return bound or await self._images.python(image, asked), {}, ()
        spec, faults = read_conda_dependencies(request.definition.python.conda_dependencies or {})
        if faults:
            raise RunFailed("EnvironmentFailed", f"{faults[0].target}: {faults[0].message}")
        log = ImageLog(request.log, spec.requirements, self._images, image, self.root)
        interpreter = await self._pythons.fitting(image, spec.python, log)
        if recorded.get("image") == image.id and "lock" in recorded:
            recipe = Recipe(KIND, interpreter.version, _base(image, interpreter), recorded["lock"])
        else:
            recipe = await self._resolved(image, interpreter, spec.requirements, log)
        build = ImageBuild(self.root, recipe, log)
        await build.ensure(lambda lock: install(build, interpreter, lock))
        log.say(f"environment {recipe.hash}: Python {recipe.python} of {image.reference}")
        return str(build.python), recipe.record, (Mount(str(build.folder)),)

    async def _resolved(
        self, image: Image, interpreter: Interpreter, requirements: tuple[str, ...], log: ImageLog
    ) -> Recipe:
        base = _base(image, interpreter)
        asked = {
            "kind": KIND,
            "python": [interpreter.version, base],
            "requirements": list(requirements),
        }

        async def resolve(lock: int, folder: Path) -> Recipe:
            text = await lock_requirements(requirements, interpreter.path, log, lock, folder)
            return Recipe(KIND, interpreter.version, base, text)

        return await resolved(self.root, asked, log, resolve)


def _base(image: Image, interpreter: Interpreter) -> str:
    return f"{image.id} {interpreter.path}"


def _fault_of(check: Any, value: str, field: str) -> list[Fault]:
    try:
        check(value)
    except ValueError as error:
        return [Fault(f"{_DOCKER}.{field}", str(error))]
    return []
