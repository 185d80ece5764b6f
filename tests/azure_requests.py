"""Requests of Azure ML's clients, for tests."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
DATA = Path(__file__).parent / "wire" / "data"
SCRIPT = """import os, sys
print("arguments", sys.argv[1:])
print("variable", os.environ["EXAMPLE_ENV_VAR"], os.environ["AZUREML_ARM_PROJECT_NAME"])
print("scope", os.environ["AZUREML_ARM_SUBSCRIPTION"], os.environ["AZUREML_ARM_RESOURCEGROUP"],
      os.environ["AZUREML_ARM_WORKSPACE_NAME"])
with open("outputs/x.txt", "w") as file:
    file.write(open("pkg/a.txt").read())
"""
PROJECT: Mapping[str, str | None] = {
    ".azureml/": None,
    "pkg/": None,
    "train.py": SCRIPT,
    "pkg/a.txt": "kept",
}


def address(verb: str, experiment: str = "exp1", workspace: str = "ws") -> str:
    """Return the path of a verb below the base URL."""
    return (
        f"execution/v1.0/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/"
        f"Microsoft.MachineLearningServices/workspaces/{workspace}/experiments/{experiment}/{verb}"
    )


def golden(name: str) -> dict[str, Any]:
    """Return the definition that a real client has sent."""
    return dict(json.loads((DATA / f"{name}.json").read_text()))


def zipped(files: Mapping[str, str | None] = PROJECT, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip; None makes a directory entry."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(name, text or "")
    return packed.getvalue()


def multipart(
    parts: Sequence[tuple[str, bytes]], boundary: str = "b0undary"
) -> tuple[bytes, dict[str, str]]:
    """Return body and headers; each part is (the text of its headers, content)."""
    body = b"".join(
        f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return body + f"--{boundary}--\r\n".encode(), headers


def disposition(name: str, filename: str | None = None, kind: str | None = None) -> str:
    """Return the headers of a part."""
    text = f'Content-Disposition: form-data; name="{name}"'
    text += f'; filename="{filename}"' if filename else ""
    return text + (f"\r\nContent-Type: {kind}" if kind else "")


def startrun(definition: Any, project: bytes) -> dict[str, Any]:
    """Return what httpx shall send, in the way of azureml-core."""
    content, headers = multipart(
        [
            (disposition("runDefinitionFile", "definition.json"), json.dumps(definition).encode()),
            (disposition("projectZipFile", "project.zip"), project),
        ]
    )
    return {"content": content, "headers": headers}


def targets_of(answer: Any) -> list[str | None]:
    """Return the fields that an error answer blames."""
    return [detail.get("target") for detail in answer.json()["error"]["details"]]
