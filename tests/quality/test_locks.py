"""The locked lists are complete, name no place, and take nothing without a hash."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.quality.repository import ROOT

PACKAGING = ROOT / "packaging"
LOCKS = sorted(path.with_suffix(".txt").name for path in PACKAGING.glob("requirements*.in"))
REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9-]*)==[\w.+!]+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def normal(requirement: str) -> str:
    """Return the name of a requirement as locks write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s;<>=!~\[]", requirement, maxsplit=1)[0]).lower()


def locked(name: str) -> dict[str, int]:
    """Return the packages of a lock with the number of their hashes; any line that is neither fails."""
    packages: dict[str, int] = {}
    package = ""
    for line in (PACKAGING / name).read_text(encoding="utf-8").splitlines():
        if found := REQUIREMENT.fullmatch(line):
            package = found[1]
            packages.setdefault(package, 0)
        else:
            assert HASH.fullmatch(line), f"{name}: {line}"
            packages[package] += 1
    return packages


def asked(path: Path) -> set[str]:
    """Return the packages that an .in file asks for."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {normal(line) for line in lines if line and not line.startswith("-")}


@pytest.mark.parametrize("name", LOCKS)
def test_everything_asked_for_is_locked_with_hashes(name: str) -> None:
    packages = locked(name)
    wanted = asked((PACKAGING / name).with_suffix(".in"))
    if name == "requirements.txt":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wanted |= {normal(requirement) for requirement in project["dependencies"]}
    assert wanted <= packages.keys(), "python3 dev.py lock"
    assert all(packages.values())


def test_numpy_stays_out_of_the_program() -> None:
    # sqlite-utils imports it where it finds it: the start takes twice as long.
    assert all("numpy" not in locked(name) for name in LOCKS if name != "requirements-peers.txt")


def versions(name: str) -> dict[str, set[str]]:
    """Return the versions of each package of a lock: there are several where systems or Pythons need them."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^(\S+)==(\S+)", (PACKAGING / name).read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


@pytest.mark.parametrize("name", ["requirements-dev.txt", "requirements-browser.txt", "requirements-build.txt"])
def test_versions_agree_with_the_programs(name: str) -> None:
    program, others = versions("requirements.txt"), versions(name)
    assert {package: program[package] for package in program.keys() & others.keys()}.items() <= others.items()
