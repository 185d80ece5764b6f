"""Wiring: the operator's choices, the services, the routes (floor: app).

Only what a server start needs is imported here; the services and their libraries are imported when
the first request comes, or when there are runs to take up.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Dict, Float, Int, Unicode, default

from jupyter_exec.handlers.lazy import LazyRouter
from jupyter_exec.store import ownership
from jupyter_exec.store.paths import DataPaths

if TYPE_CHECKING:
    from jupyter_events import EventLogger
    from jupyter_server.serverapp import ServerApp

    from jupyter_exec.services.house import House

ACTIVITY_PERIOD_S = 30.0
TAKE_OVER_PERIOD_S = 2.0


class ExecApp(ExtensionApp):
    """Runs from JupyterLab: the server extension."""

    name = "jupyter_exec"
    description = "Run cells, notebooks, scripts and folders in the background."
    extension_url = "/jupyter-exec"
    load_other_extensions = True

    data_dir = Unicode(help="Folder that holds runs, snapshots and the database.").tag(config=True)
    compute_targets = Dict(
        help=(
            "Compute targets: name -> {'type': entry point of jupyter_exec.targets, and the "
            "settings of that plug-in}. By default there are 'local', this machine, and 'docker', "
            "containers on it."
        )
    ).tag(config=True)
    max_snapshot_bytes = Int(
        2 * 2**30, help="Largest snapshot (and upload) that is accepted, in bytes."
    ).tag(config=True)
    warm_kernels = Int(
        1,
        min=0,
        help="Kernels kept ready per recently used interpreter, to start notebooks quickly.",
    ).tag(config=True)
    warm_idle_s = Float(600.0, help="Seconds after which an unused warm kernel is ended.").tag(
        config=True
    )
    datastores = Dict(
        help=(
            "Datastores: name -> {'url': 's3://bucket/prefix' or what else fsspec knows, "
            "'options': fsspec's storage options, 'read_only': False, 'checksum': True}. A "
            "secret in the options is {'env': 'NAME'}: a variable of the server, which runs do "
            "not get."
        )
    ).tag(config=True)
    data_cache_bytes = Int(
        10 * 2**30,
        min=0,
        help="Largest size of the cache of downloads, in bytes; 0 = none.",
    ).tag(config=True)
    keep_runs_days = Float(
        0.0, min=0.0, help="Days after which a run that has ended is deleted; 0 = never."
    ).tag(config=True)
    keep_runs_count = Int(
        0, min=0, help="Number of runs that are kept, the newest of them; 0 = all."
    ).tag(config=True)
    keep_runs_bytes = Int(
        0, min=0, help="Size of all runs that are kept, the newest of them; 0 = no limit."
    ).tag(config=True)
    silence_s = Float(
        60.0,
        min=0.1,
        help="Seconds without a word after which a run on a user's own machine is NotResponding.",
    ).tag(config=True)
    count_runs_as_activity = Bool(
        default_value=True, help="A going run keeps the server from being culled as idle."
    ).tag(config=True)

    environments_max_age_days = Float(
        30.0,
        min=0.0,
        help="Days after which a built environment or image that no run has used is removed.",
    ).tag(config=True)
    environments_max_bytes = Int(
        20 * 2**30,
        min=0,
        help="Bytes of all built environments and images; what was used longest ago goes first.",
    ).tag(config=True)
    python_downloads = Bool(
        default_value=True,
        help="uv may download a version of Python that a run asks for and the machine lacks.",
    ).tag(config=True)
    tensorboard_most = Int(
        4,
        min=0,
        help=(
            "Number of TensorBoards at once; that of longest ago makes room for another. 0 = none."
        ),
    ).tag(config=True)
    tensorboard_age_s = Float(
        14_400.0,
        min=1.0,
        help="Seconds after which a TensorBoard is ended that nobody has asked for again.",
    ).tag(config=True)

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(Path(jupyter_data_dir()) / "jupyter_exec")

    @default("compute_targets")
    def _default_compute_targets(self) -> dict[str, dict[str, Any]]:
        return {
            "local": {"type": "local", "warm": self.warm_kernels, "warm_idle_s": self.warm_idle_s},
            "docker": {"type": "docker"},
        }

    @property
    def _server(self) -> ServerApp:
        """The server that has loaded this extension."""
        return cast("ServerApp", self.serverapp)

    @property
    def _paths(self) -> DataPaths:
        return DataPaths(Path(self.data_dir))

    def initialize_settings(self) -> None:
        """Prepare what a request may ask for; called by jupyter_server."""
        self._lock: int | None = None
        self._house: asyncio.Future[House] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        proxy = self._server.extension_manager.extensions.get("jupyter_server_proxy")
        if proxy is not None and proxy.enabled:
            page_config = self._server.web_app.settings.setdefault("page_config_data", {})
            page_config["jupyterExecProxy"] = "true"  # for JupyterLab: runs' pages are below /proxy

    def initialize_handlers(self) -> None:
        """Mount the routes; called by jupyter_server."""
        router = LazyRouter(self._server.web_app, self._server.base_url, self.house)
        self._server.web_app.add_handlers(".*$", router.rules())  # type: ignore[no-untyped-call]  # theirs

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Take up unfinished runs; called by jupyter_server when its event loop runs."""
        await super()._start_jupyter_server_extension(serverapp)  # type: ignore[no-untyped-call]  # theirs
        await asyncio.to_thread(self._paths.create)
        self._lock = ownership.acquire(self._paths)
        self._tasks.append(asyncio.create_task(self._report_activity()))
        if self._lock is None:
            self.log.warning(
                "jupyter_exec: %s is in use by another server (%s); this one only shows runs",
                self.data_dir,
                ownership.owner(self._paths),
            )
            self._tasks.append(asyncio.create_task(self._take_over()))
        elif ownership.has_unfinished(self._paths):
            await self.house()

    async def house(self) -> House:
        """Return the services; made once."""
        if self._house is None:
            self._house = asyncio.ensure_future(self._open())
        try:
            return await asyncio.shield(self._house)
        except Exception:
            self._house = None
            raise

    async def _open(self) -> House:
        from jupyter_exec.services.environments import EnvironmentLimits
        from jupyter_exec.services.house import House, Settings
        from jupyter_exec.services.retention import Limits
        from jupyter_exec.services.tensorboard import Limits as TensorBoardLimits

        settings = Settings(
            data_dir=Path(self.data_dir),
            root_dir=Path(self._server.root_dir),
            compute_targets=self.compute_targets,
            max_snapshot_bytes=self.max_snapshot_bytes,
            url=lambda: self._server.connection_url,
            writable=self._lock is not None,
            silence_s=self.silence_s,
            datastores=self.datastores,
            data_cache_bytes=self.data_cache_bytes,
            limits=Limits(self.keep_runs_days, self.keep_runs_count, self.keep_runs_bytes),
            environment_limits=EnvironmentLimits(
                self.environments_max_age_days, self.environments_max_bytes
            ),
            python_downloads=self.python_downloads,
            tensorboard_limits=TensorBoardLimits(self.tensorboard_most, self.tensorboard_age_s),
        )
        house = await House.open(settings)
        if house.writable:
            from jupyter_exec.handlers.bus import emit_events

            logger = cast("EventLogger", self._server.event_logger)
            self._tasks.append(asyncio.create_task(emit_events(house, logger)))
        return house

    async def _take_over(self) -> None:
        """Wait until the other server is gone, then write in its place."""
        while self._lock is None:
            await asyncio.sleep(TAKE_OVER_PERIOD_S)
            self._lock = ownership.acquire(self._paths)
        self.log.info("jupyter_exec: the other server is gone; this one takes over")
        before, self._house = self._house, None
        if before is not None:
            await (await before).close()
        await self.house()

    def current_activity(self) -> int | None:
        """Return the number of going runs; while there are any, jupyter_server goes on."""
        if not self.count_runs_as_activity or self._house is None or not self._house.done():
            return None
        return self._house.result().executor.active or None

    async def _report_activity(self) -> None:
        """Keep an outer idle culler (a hub's) away while runs are going."""
        while True:
            if self.current_activity():
                times = self._server.web_app.settings["last_activity_times"]
                times["jupyter_exec"] = datetime.now(timezone.utc)
            await asyncio.sleep(ACTIVITY_PERIOD_S)

    async def stop_extension(self) -> None:
        """Let go of the runs, which go on; called by jupyter_server when it stops."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._house is not None:
            await (await self._house).close()
        if self._lock is not None:
            ownership.release(self._lock)
            self._lock = None
