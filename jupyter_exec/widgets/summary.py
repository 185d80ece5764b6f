"""What is known of a run, small: what a notebook keeps, and its plain text (floor: widgets)."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_exec.client import Run

LOG_TAIL_BYTES = 4096
POINTS = 60
_OUTPUTS = 20
_LEFT_OUT = {"definition", "snapshot", "git", "tags"}
_MARKS = {"Completed": "✓", "Failed": "✗", "Canceled": "⊘", "Queued": "◷", "NotStarted": "◷"}
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SHOWN_LINES = 8
_BAR = 24


def summarise(
    run: Run,
    metrics: Mapping[str, Sequence[float]],
    log: str = "",
    outputs: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the state that the widget shows and the notebook keeps: small, and nothing secret.

    Args:
        run: its definition and tags stay out.
        metrics: name -> values, oldest first.
        log: the end of its log.
        outputs: `path` and `sizeBytes` of its files.
    """
    return {
        "run": {key: value for key, value in run.json.items() if key not in _LEFT_OUT},
        "metrics": {name: list(values[-POINTS:]) for name, values in metrics.items()},
        "log": log,
        "cut": len(log.encode()) >= LOG_TAIL_BYTES,
        "outputs": list(outputs[:_OUTPUTS]),
    }


def read_metrics(run: Run) -> dict[str, list[float]]:
    """Ask for the values of all metrics; none where the server does not answer."""
    try:
        return {
            name: [point["value"] for point in points[-POINTS:]]
            for name, points in run.metrics().items()
        }
    except ExecError:
        return {}


def read_outputs(run: Run) -> list[dict[str, Any]]:
    """Ask for the files that the run has left; none where the server does not answer."""
    try:
        return [{"path": file.path, "sizeBytes": file.size_bytes} for file in run.outputs()]
    except ExecError:
        return []


def read_log_tail(run: Run) -> str:
    """Ask for the end of what all replicas print; empty where there is no log."""
    session = run._client.session  # noqa: SLF001 - the run's own; `run.logs()` reads the whole
    path = f"runs/{run.run_id}/logs"
    try:
        found = session.json("GET", path)
        entries = found["logs"]
        first = [entry for entry in entries if entry.get("role") and not entry.get("index")]
        # Of several roles the first: names of those that lead come before `worker`.
        latest = max((int(entry.get("attempt") or 1) for entry in first), default=1)
        chosen = [e for e in first if int(e.get("attempt") or 1) == latest] or entries[:1]
        if not chosen:
            return ""
        name = "merged" if found.get("mergedBytes") is not None else chosen[0]["name"]
        parameters = {"offset": -LOG_TAIL_BYTES, "limit": LOG_TAIL_BYTES}
        answer = session.request("GET", f"{path}/{name}", params=parameters)
    except ExecError:
        return ""
    return answer.content.decode("utf-8", errors="replace")


def plain_text(state: Mapping[str, Any]) -> str:
    """Return a state as a few lines, for terminals and for whoever reads the saved notebook."""
    run = state.get("run") or {}
    status = str(run.get("status", ""))
    head = [f"{_MARKS.get(status, '●')} {status}", run.get("displayName") or "", elapsed(run)]
    lines = ["  ".join(part for part in head if part)]
    target = f"on {run['target']}" if run.get("target") else ""
    run_id, experiment = str(run.get("runId") or ""), str(run.get("experiment") or "")
    # Ids that the server makes begin with the experiment.
    where = ["" if run_id.startswith(experiment) else experiment, run_id, target]
    lines.append("  " + " · ".join(part for part in where if part))
    lines += [f"  {text}" for text in (cause(run), bar(run)) if text]
    lines += [f"  {title}: {address}" for title, address in (run.get("pages") or {}).items()]
    metrics = {name: values[-1] for name, values in (state.get("metrics") or {}).items() if values}
    if metrics:
        lines.append(
            "  " + "   ".join(f"{name} {number(value)}" for name, value in metrics.items())
        )
    lines += [f"  │ {line}" for line in last_lines(str(state.get("log") or ""))]
    outputs = [str(output["path"]) for output in state.get("outputs") or []]
    if outputs:
        lines.append(f"  Outputs: {', '.join(outputs)}")
    return "\n".join(lines)


def cause(run: Mapping[str, Any]) -> str:
    """Return why a run failed, in one line with its exit code; empty where it did not."""
    error, code = run.get("error"), run.get("exitCode")
    if run.get("status") != "Failed":
        return ""
    message = str((error or {}).get("message") or "The run failed.")
    shown = f"exit code {code}"
    return f"{message} ({shown})" if code and shown not in message.lower() else message


def bar(run: Mapping[str, Any]) -> str:
    """Return a progress bar; empty where the run is done or says nothing."""
    progress = run.get("progress") or {}
    total, done = progress.get("total"), progress.get("done") or 0
    if not total or run.get("status") == "Completed" or (total == 1 and done in {0, 1}):
        return ""  # "0 of 1", which every single cell reports, tells nothing
    full = round(_BAR * min(1.0, max(0.0, done / total)))
    label = str(progress.get("label") or "")
    counted = any(sign.isdigit() for sign in label)
    text = label if counted else f"{number(done)}/{number(total)} {label}".rstrip()
    return f"{'█' * full}{'░' * (_BAR - full)} {text}"


def number(value: object) -> str:
    """Return a number with four digits that count."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def last_lines(log: str) -> list[str]:
    """Return the last lines of a log as a terminal would leave them, without colours."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _ESCAPE.sub("", log).split("\n")]
    kept = [_CONTROL.sub("", line).rstrip() for line in lines]
    return [line for line in kept if line][-_SHOWN_LINES:]


def elapsed(run: Mapping[str, Any]) -> str:
    """Return how long a run takes or took, or waits: `1:05`, `2:00:10`."""
    begin, end = run.get("startedAt") or run.get("createdAt"), run.get("endedAt")
    if not begin:
        return ""
    until = _moment(end) if end else datetime.now(timezone.utc)
    seconds = max(0, int((until - _moment(begin)).total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    clock = f"{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    return f"{hours}:{clock}" if hours else clock


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
