"""The packages of a Spark environment: Maven coordinates, where they come from, and what failed.

Floor: launchers; pure. spark-submit resolves them by Ivy each time it starts, from Ivy's cache
where they are in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_exec.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.environment import SparkSection

_FIELD = "configuration.environment.spark"
_COORDINATE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_REPOSITORY = re.compile(r"[a-z][a-z0-9+.\-]*:/[^\s,]+", re.IGNORECASE)
_UNRESOLVED = re.compile(r"unresolved dependency: ([^\s#;]+)#([^\s;]+);([^\s:]+): ([^,\[\]\n]+)")
_EXCEPTION = re.compile(
    r"^(?:Exception in thread.*|Caused by: .*|Error: .*|There is no .*)$", re.MULTILINE
)
_LONGEST = 400


def package_faults(configuration: RunConfiguration) -> list[Fault]:
    """Return the faults of coordinates and repositories; they become words of a command line."""
    return [*_coordinate_faults(configuration), *_repository_faults(configuration)]


def _coordinate_faults(configuration: RunConfiguration) -> Iterator[Fault]:
    for index, package in enumerate(configuration.environment.spark.packages):
        for part in ("group", "artifact", "version"):
            value = getattr(package, part)
            if not value or not _COORDINATE.fullmatch(value):
                what = f"{value[:80]!r} has other signs" if value else "it is missing"
                message = (
                    f"{what}: a package is named by group, artifact and version, of letters, "
                    "digits, '.', '-' and '_'"
                )
                yield Fault(f"{_FIELD}.packages[{index}].{part}", message)


def _repository_faults(configuration: RunConfiguration) -> Iterator[Fault]:
    for index, repository in enumerate(configuration.environment.spark.repositories):
        field = f"{_FIELD}.repositories[{index}]"
        if not _REPOSITORY.fullmatch(repository):
            message = f"{repository[:80]!r} is not the URL of a Maven repository"
            yield Fault(field, message)
        elif "@" in urlsplit(repository).netloc:
            message = (
                "the address holds a name or a password, and a definition is stored: leave it out, "
                "and name an ivysettings.xml that has it in spark.jars.ivySettings"
            )
            yield Fault(field, message)


def coordinates(section: SparkSection, named: str | None) -> str:
    """Return `group:artifact:version,...`.

    Args:
        named: what `spark.jars.packages` has besides; the option would hide it.
    """
    words = [
        f"{package.group}:{package.artifact}:{package.version}" for package in section.packages
    ]
    return ",".join([*words, *([named] if named else [])])


def package_words(configuration: RunConfiguration) -> tuple[str, ...]:
    """Return the options of spark-submit that name packages and repositories."""
    section, spark = configuration.environment.spark, configuration.spark.configuration
    words: list[str] = []
    if section.packages:
        words += ["--packages", coordinates(section, spark.get("spark.jars.packages"))]
    if section.repositories:
        named = spark.get("spark.jars.repositories")
        words += ["--repositories", ",".join([*section.repositories, *([named] if named else [])])]
    return tuple(words)


def why_unresolved(printed: str) -> str:
    """Return one line for what spark-submit printed when it could not resolve packages."""
    told = dict.fromkeys(_UNRESOLVED.findall(printed))
    if told:
        causes = "; ".join(
            f"{group}:{artifact}:{version}: {why.strip()}" for group, artifact, version, why in told
        )
    else:
        found = _EXCEPTION.findall(printed) or printed.strip().splitlines()[-1:]
        causes = found[-1] if found else "the program printed nothing"
    return (
        f"Spark's packages cannot be resolved: {causes[:_LONGEST]} "
        "(its log, environment.txt, has the rest)"
    )
