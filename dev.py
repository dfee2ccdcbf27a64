#!/usr/bin/env python3
"""Everything a developer needs, with nothing installed beforehand: `python3 dev.py run` and `python3 dev.py test`.

    run [ARGUMENTS]          start Parley (the desktop; without a display, the server); arguments go to `parley`
    test [--full] [PYTEST…]  run what continuous integration runs; --full adds the long runs, some in a browser
    demo [ARGUMENTS]         chat with the tests' tiny model, in the window or (demo chat) in the terminal
    build [--smoke]          make the program that runs without Python (dist/parley/); --smoke tries it out
    lock [--upgrade]         write packaging/requirements*.txt anew from pyproject.toml and packaging/*.in
    bench [ARGUMENTS]        measure (tests/benchmarks)
    screenshots [ARGUMENTS]  take pictures of every part of the interface (tests/screenshots.py)

The first call sets up .venv from the hash-locked lists in packaging/ (for tests also .venv-peers, where other makers'
programs live, with --full .venv-browser; for builds .venv-build); later calls only look at a stamp. Standard library
only, and readable by older Pythons too, so that it can say which Python is missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent
PACKAGING = ROOT / "packaging"
SUPPORTED = ("3.13", "3.12", "3.11")
STAMP = "parley-setup.json"
LOCK_OPTIONS = ["--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--no-annotate"]
NO_PLACES = ["--no-emit-index-url", "--no-emit-find-links"]  # a lock holds no addresses: mirrors differ
INSTALL_COMMANDS = {
    "apt-get": "apt-get install --no-install-recommends",
    "dnf": "dnf install",
    "pacman": "pacman -S --needed",
    "zypper": "zypper install",
}
LOAD_LIBRARIES = """
import ctypes, sys
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(name)
    except OSError:
        print(name)
"""
START_QT = """
from PySide6 import QtNetwork, QtSvg
from PySide6.QtWidgets import QApplication
QApplication([])
"""


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what to do."""


def say(text: str) -> None:
    """Tell the developer what is going on; standard output belongs to the program that is run."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


def run_quietly(command: Sequence[str], failure: str, env: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it printed, which is shown only if it fails."""
    done = subprocess.run(
        command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False,
    )  # fmt: skip
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise SetupError(f"{failure}\n\n{' '.join(command)}\n{output}")
    return output


# --- Which Python ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Python:
    """An interpreter that can run Parley."""

    command: str
    version: str

    @property
    def can_make_environments(self) -> bool:
        """Tell whether venv and pip are there: Debian keeps them in a package of their own."""
        command = [self.command, "-c", "import venv, ensurepip"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def find_python() -> Python:
    """Return the running Python if it is a supported one, otherwise look for one."""
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if running in SUPPORTED:
        # Not the environment's own: it may be about to be rebuilt.
        return Python(getattr(sys, "_base_executable", None) or sys.executable, running)
    for version in SUPPORTED:
        for command in ([f"python{version}"], ["py", f"-{version}"]):
            path = executable_of(command)
            if path is not None:
                say(f"This is Python {running}; using {path} (Python {version}).")
                return Python(path, version)
    raise SetupError(
        f"Parley needs Python 3.11, 3.12 or 3.13, and this is {running}. Install one, for example:\n\n"
        "    Debian, Ubuntu  sudo apt-get install python3.12 python3.12-venv\n"
        "    Fedora          sudo dnf install python3.12\n"
        "    macOS           brew install python@3.12\n"
        "    Windows         winget install Python.Python.3.12\n"
    )


def executable_of(command: list[str]) -> str | None:
    """Return the path of the interpreter that a command starts, or None if it starts none."""
    if shutil.which(command[0]) is None:
        return None
    probe = [*command, "-c", "import sys; print(sys.executable)"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


# --- What the system must have ---------------------------------------------------------------------------------------


def system_needs(section: str) -> list[list[str]]:
    """Return the rows of a section of packaging/system-packages.txt."""
    text = (PACKAGING / "system-packages.txt").read_text(encoding="utf-8")
    body = text.partition(f"[{section}]\n")[2].partition("\n[")[0]
    return [line.split() for line in body.splitlines() if line and not line.startswith("#")]


def missing_from_system(python: Python, section: str) -> list[list[str]]:
    """Return the rows whose library, font or program is not there."""
    rows = system_needs(section)
    libraries = [row[0] for row in rows if ".so" in row[0]]
    lost = set(run_quietly([python.command, "-c", LOAD_LIBRARIES, *libraries], "Cannot look for libraries.").split())
    fonts = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
    for name in {row[0] for row in rows} - set(libraries):
        if name.endswith(".ttf"):
            there = any(True for folder in fonts for _ in folder.rglob(name))
        else:
            there = shutil.which(name) is not None
        if not there:
            lost.add(name)
    return [row for row in rows if row[0] in lost]


def prepare_system(python: Python, sections: Sequence[str]) -> None:
    """Install what the system lacks as root on Debian and Ubuntu; otherwise say what to type."""
    if not sys.platform.startswith("linux"):
        return
    manager = next((name for name in INSTALL_COMMANDS if shutil.which(name)), None)
    column = 1 + list(INSTALL_COMMANDS).index(manager) if manager else 0
    needed: set[str] = set()
    helpful: set[str] = set()
    if not python.can_make_environments:
        needed.add(
            f"python{python.version}-venv" if manager == "apt-get" else f"Python {python.version}'s venv and pip"
        )
    for section in sections:
        found = {row[column] for row in missing_from_system(python, section)}
        (helpful if section == "tests" else needed).update(found)
    packages = sorted(needed | helpful)
    if packages and manager == "apt-get" and os.geteuid() == 0:
        install_with_apt(packages)
        return
    how = f"sudo {INSTALL_COMMANDS[manager]} {' '.join(packages)}" if manager else f"Install {', '.join(packages)}"
    if needed:
        raise SetupError(f"Something is missing from this system. Please type\n\n    {how}\n\nand try again.")
    if helpful:
        say(f"Tests that need a real screen, or all letters, cannot run. To have them: {how}")


def install_with_apt(packages: Sequence[str]) -> None:
    """Install Debian packages."""
    say(f"Installing with apt-get: {' '.join(packages)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with contextlib.suppress(SetupError):  # one broken source need not matter; if it does, the next step says so
        run_quietly(["apt-get", "update"], "", env)
    command = [*INSTALL_COMMANDS["apt-get"].split(), "-y", *packages]
    run_quietly(command, "apt-get could not install what is missing.", env)


# --- Virtual environments --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Environment:
    """A virtual environment that is made of lock files, and of the project itself if `editable`."""

    name: str
    locks: tuple[str, ...]
    editable: bool

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return ROOT / self.name

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))

    def wanted(self, version: str) -> dict[str, str]:
        """Describe it as it should be."""
        facts = {"python": version, "folder": str(self.folder)}  # scripts hold absolute paths: a moved one is useless
        facts.update({lock: fingerprint((PACKAGING / lock).read_bytes()) for lock in self.locks})
        if self.editable:
            facts["project"] = fingerprint((ROOT / "pyproject.toml").read_bytes())
        return facts

    def found(self) -> dict[str, str]:
        """Describe it as it is; empty if it does not exist, is broken, or its set-up was interrupted."""
        try:
            facts = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) and Path(self.python).exists() else {}

    def is_ready(self, version: str) -> bool:
        """Tell whether nothing needs doing."""
        return self.wanted(version).items() <= self.found().items()

    def prepare(self, python: Python) -> None:
        """Make it as it should be: add what is missing, and start afresh if anything in it is out of date."""
        wanted, found = self.wanted(python.version), self.found()
        stale = {key for key, value in wanted.items() if found.get(key) != value}
        if not stale:
            return
        (self.folder / STAMP).unlink(missing_ok=True)  # an interruption from here on leaves no stamp
        if not found or any(key in found for key in stale - {"project"}):
            say(f"Making {self.name} with Python {python.version}…")
            command = [python.command, "-m", "venv", "--clear", str(self.folder)]
            run_quietly(command, f"{self.name} could not be made.")
            found, stale = {}, set(wanted)
        locks = [lock for lock in self.locks if lock in stale]
        if locks:
            say(f"Installing {' and '.join(locks)} into {self.name} (about a minute the first time)…")
            self.install(["--require-hashes", "--only-binary=:all:", *(f"-r{PACKAGING / lock}" for lock in locks)])
        if "project" in stale:
            self.install(["--no-deps", "--no-build-isolation", "-e", str(ROOT)])
        self.remember({**found, **wanted})

    def install(self, options: Sequence[str]) -> None:
        """Run pip."""
        pip = [self.python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        run_quietly([*pip, *options], "The packages could not be installed. Is the network there?")

    def remember(self, facts: Mapping[str, str]) -> None:
        """Write the stamp."""
        (self.folder / STAMP).write_text(json.dumps({**self.found(), **facts}, indent=1), encoding="utf-8")


PROGRAM = Environment(".venv", ("requirements.txt",), editable=True)
DEVELOPMENT = Environment(".venv", ("requirements.txt", "requirements-dev.txt"), editable=True)
PEERS = Environment(".venv-peers", ("requirements-peers.txt",), editable=False)
BROWSER = Environment(".venv-browser", ("requirements-browser.txt",), editable=False)
BUILDING = Environment(".venv-build", ("requirements.txt", "requirements-build.txt"), editable=False)


def fingerprint(content: bytes) -> str:
    """Return a short name for exactly this content."""
    return hashlib.sha256(content).hexdigest()[:16]


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other set-up is going on in this folder."""
    with (ROOT / ".venv-setup.lock").open("w") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def set_up(environments: Sequence[Environment], sections: Sequence[str]) -> None:
    """Bring everything about, with these sections of system-packages.txt; quick when nothing needs doing."""
    python = find_python()
    main = environments[0]
    system = {f"system {section}": fingerprint(str(system_needs(section)).encode()) for section in sections}

    def is_ready() -> bool:
        return system.items() <= main.found().items() and all(item.is_ready(python.version) for item in environments)

    if is_ready():
        return
    with alone():
        if is_ready():  # the other set-up that we waited for has done it
            return
        prepare_system(python, sections)
        for environment in environments:
            environment.prepare(python)
        if sections:
            qt = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
            run_quietly([main.python, "-c", START_QT], "Qt does not start on this system.", qt)
        main.remember(system)
        say("Set-up is done.")


# --- Commands --------------------------------------------------------------------------------------------------------


def hand_over(command: list[str], env: Mapping[str, str]) -> NoReturn:
    """Become the command: its exit code, Ctrl+C and signals are ours."""
    if os.name != "nt":
        os.execve(command[0], command, env)
    process = subprocess.Popen(command, env=env)
    while True:  # Windows sends Ctrl+C to both; the child decides what it means
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(process.wait())


def has_display() -> bool:
    """Tell whether a window could be seen."""
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in {"offscreen", "minimal"}:
        return False
    linux = sys.platform.startswith("linux")
    return not linux or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def means_desktop(arguments: Sequence[str]) -> bool:
    """Tell whether `parley` with these arguments opens the desktop: there is no command among them, and no --help."""
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--data-dir":
            next(remaining, None)
        elif not argument.startswith("--data-dir="):
            return False
    return True


def run(arguments: list[str]) -> None:
    """Start Parley."""
    desktop = means_desktop(arguments)
    if desktop and not has_display():
        say("There is no display here, so this starts the server: parley serve.")
        arguments, desktop = ["serve", *arguments], False
    set_up([PROGRAM], ["qt"] if desktop else [])
    hand_over([PROGRAM.python, "-m", "parley", *arguments], os.environ)


def set_up_for_tests(*, browser: bool = False) -> dict[str, str]:
    """Prepare all environments and return the variables that tests run with."""
    if browser:
        set_up([DEVELOPMENT, PEERS, BROWSER], ["qt", "tests", "browser"])
    else:
        set_up([DEVELOPMENT, PEERS], ["qt", "tests"])
    os.chdir(ROOT)
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ}


def test(arguments: list[str]) -> None:
    """Run the tests; formatting, lint, types and import rules are tests too (tests/quality)."""
    env = set_up_for_tests(browser="--full" in arguments)
    # A debugger needs the terminal for itself; everything else runs in parallel, each file in one process.
    alone_options = {"--pdb", "--trace", "-s", "--capture=no"}
    workers = "0" if alone_options & set(arguments) else str(min(4, max(2, os.cpu_count() or 1)))
    hand_over([DEVELOPMENT.python, "-m", "pytest", "-n", workers, "--dist", "loadfile", *arguments], env)


def build(arguments: list[str]) -> None:
    """Make the program that runs without Python; it holds what .venv-build holds, so no tool of development."""
    if "--smoke" in arguments:
        set_up([BUILDING, PEERS], ["qt", "build", "tests"])
    else:
        set_up([BUILDING], ["qt", "build"])
    hand_over([BUILDING.python, str(PACKAGING / "build.py"), *arguments], os.environ)


def lock(arguments: list[str]) -> None:
    """Resolve all dependencies for every supported system and Python; known versions stay unless --upgrade is given."""
    set_up([DEVELOPMENT], [])
    # requirements.in comes first: the others keep to its versions.
    for source in sorted(PACKAGING.glob("requirements*.in"), key=lambda path: (path.name != "requirements.in", path)):
        inputs = [f"packaging/{source.name}", *(["pyproject.toml"] if source.name == "requirements.in" else [])]
        target = f"packaging/{source.with_suffix('.txt').name}"
        say(f"Resolving {target}…")
        command = [DEVELOPMENT.python, "-m", "uv", "pip", "compile", *LOCK_OPTIONS, *NO_PLACES, *arguments, *inputs]
        run_quietly([*command, "--output-file", target], f"{target} could not be resolved.")


def demo(arguments: list[str]) -> None:
    """Chat with the tests' model: no download, no key, no network."""
    set_up([DEVELOPMENT, PEERS], ["qt"] if has_display() else [])
    hand_over([DEVELOPMENT.python, "-m", "tests.peers.demo", *arguments], os.environ)


def bench(arguments: list[str]) -> None:
    """Run the benchmarks."""
    hand_over([DEVELOPMENT.python, "-m", "tests.benchmarks", *arguments], set_up_for_tests())


def screenshots(arguments: list[str]) -> None:
    """Take the screenshots."""
    hand_over([DEVELOPMENT.python, "-m", "tests.screenshots", *arguments], set_up_for_tests())


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "run": run,
    "test": test,
    "demo": demo,
    "build": build,
    "lock": lock,
    "bench": bench,
    "screenshots": screenshots,
}


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code."""
    if not arguments or arguments[0] not in COMMANDS:
        asked = bool({"-h", "--help", "help"} & set(arguments))
        print(__doc__, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        COMMANDS[arguments[0]](arguments[1:])
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
