"""How a trial of a sweep becomes a run (floor: services)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.services.sourcing import Sourced
from jupyter_exec.store import sweeps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_exec.model.run import Run
    from jupyter_exec.model.sweep import SweepPlan
    from jupyter_exec.model.template import TemplateVersion
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.services.templates import TemplateService
    from jupyter_exec.services.vault import Vault


class TrialStarter:
    """Fills the template of a sweep in, and starts what comes of it.

    Args:
        secret_names: parameters whose values are kept in the vault, under the sweep's id.
    """

    def __init__(
        self,
        runs: RunService,
        templates: TemplateService,
        vault: Vault,
        plan: SweepPlan,
        secret_names: Sequence[str],
    ) -> None:
        self._runs = runs
        self._templates = templates
        self._vault = vault
        self._plan = plan
        self._secret_names = secret_names
        self._template: TemplateVersion | None = None

    async def template(self) -> TemplateVersion:
        """Return the version that the sweep was started with, also of a template now deleted."""
        if self._template is None:
            self._template = await self._templates.get(self._plan.template, self._plan.version)
        return self._template

    def missing_secrets(self, sweep_id: str, given: Iterable[str] = ()) -> list[str]:
        """Return the secrets that a restart of the server has lost, and nobody has given again."""
        there = {*self._vault.peek(sweep_id), *given}
        return [name for name in self._secret_names if name not in there]

    async def start(self, parent: Run, number: int, values: Mapping[str, Any]) -> Run:
        """Store a trial and set it going; one that is there already is answered again.

        Raises:
            ExecError: it cannot run; nothing was stored.
        """
        template = await self.template()
        params = {**self._plan.params, **self._vault.peek(parent.run_id), **values}
        sourced = Sourced.again(parent)
        submission = await self._templates.submission(template, params, sourced)
        definition = submission.definition.model_copy(update={"parent_run_id": parent.run_id})
        trial = replace(
            submission,
            experiment=parent.experiment,
            definition=definition,
            sourced=sourced,
            run_id=sweeps.trial_id(parent.run_id, number),
            display_name=_display_name(number, await self.shown(values)),
        )
        return await self._runs.start(trial)

    async def shown(self, values: Mapping[str, Any]) -> str:
        """Return what a trial tries, for people; without what is secret."""
        template = await self.template()
        secret = {parameter.name for parameter in template.spec.parameters if parameter.secret}
        words = [f"{key}={_shown(value)}" for key, value in values.items() if key not in secret]
        return ", ".join(words)


def _display_name(number: int, values: str) -> str:
    """Return what a trial is shown as: its number, and what it tries."""
    return f"{number}: {values}"[:200] if values else f"trial {number}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)
