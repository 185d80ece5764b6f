"""Maven repositories that tests make on the spot."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_package(repository: Path, artifact: str, module: str, source: str) -> dict[str, str]:
    """Put a jar with a Python module and its pom into a repository; returns its coordinates."""
    group, version = "org.example", "1.0"
    folder = repository / "org" / "example" / artifact / version
    folder.mkdir(parents=True)
    jar, pom = folder / f"{artifact}-{version}.jar", folder / f"{artifact}-{version}.pom"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        archive.writestr(f"{module}.py", source)
    pom.write_text(
        "<project><modelVersion>4.0.0</modelVersion>"
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version><packaging>jar</packaging></project>"
    )
    for file in (jar, pom):
        digest = hashlib.sha1(file.read_bytes()).hexdigest()
        file.with_name(f"{file.name}.sha1").write_text(digest)
    return {"group": group, "artifact": artifact, "version": version}
