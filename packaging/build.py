"""Makes the folder dist/parley: Parley as a program that runs where no Python is; `python3 dev.py build` calls this.

It is made for the system that it is made on. app.spec says what goes into it; smoke.py tries the result out.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "packaging" / "app.spec"
WORK = ROOT / "build" / "frozen"
"""What a build leaves behind; only the copies of stripped libraries are used again."""
NAME = "parley"
SUFFIX = ".exe" if os.name == "nt" else ""
ICON_FORMATS = {"win32": "ico", "darwin": "icns"}
ICON_SIZE = 256
SAME_EVERY_TIME = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "315532800"}
"""With these, the same sources and packages give the same bytes. The second is the earliest date a zip file knows."""
NO_MODULES = {"pydantic.BaseModel"}
"""What a package makes when it is first asked for: to PyInstaller it looks like a module that is missing."""
LARGEST = 6


class BuildError(Exception):
    """The program could not be made; the message says why."""


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"build: {text}", file=sys.stderr, flush=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long something took."""
    start = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - start:.1f} s")


def run(command: Sequence[str | Path], failure: str, **variables: str) -> str:
    """Run a command and return what it printed; raise with its words when it fails."""
    done = subprocess.run(
        command, env={**os.environ, **variables}, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise BuildError(f"{failure}\n\n{done.stdout}")
    return done.stdout


def version() -> str:
    """Return Parley's version."""
    text = (ROOT / "app" / "parley" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise BuildError("app/parley/__init__.py holds no __version__.")
    return found[1]


def prepare() -> None:
    """Empty the work folder but for its cache, and see whether what PyInstaller needs is there."""
    if sys.platform.startswith("linux") and shutil.which("objdump") is None:
        raise BuildError("objdump is missing: the package is called binutils nearly everywhere.")
    for name in ("work", "dist"):
        shutil.rmtree(WORK / name, ignore_errors=True)
    (WORK / "work" / "app").mkdir(parents=True)


def compile_translations(target: Path) -> int:
    """Compile the interface languages, and return how many there are."""
    target.mkdir()
    sources = sorted((ROOT / "translations").glob("*.ts"))
    for source in sources:
        lrelease = Path(sys.executable).with_name(f"pyside6-lrelease{SUFFIX}")
        compiled = target / source.with_suffix(".qm").name
        run([lrelease, "-silent", source, "-qm", compiled], f"{source.name} could not be compiled.")
    return len(sources)


def draw_icon(target: Path) -> None:
    """Draw the program's icon in a format that the system's programs carry."""
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication([])
    image = QImage(ICON_SIZE, ICON_SIZE, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(ROOT / "resources" / "icons" / "parley.svg")).render(painter)
    painter.end()
    if not image.save(str(target)):
        raise BuildError(f"The icon {target.name} could not be drawn.")
    application.shutdown()


def freeze() -> Path:
    """Run PyInstaller, and return the folder that it made."""
    # -P: the folder named packaging must not stand in for the package of that name.
    command = [sys.executable, "-P", "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    places = ["--distpath", str(WORK / "dist"), "--workpath", str(WORK / "work")]
    cache = str(WORK / "cache")
    said = run([*command, *places, str(SPEC)], "PyInstaller failed.", PYINSTALLER_CONFIG_DIR=cache, **SAME_EVERY_TIME)
    (WORK / "pyinstaller.log").write_text(said, encoding="utf-8")
    not_found = (WORK / "work" / "app" / "warn-app.txt").read_text(encoding="utf-8")
    if missing := re.findall(r"^missing module named '?(parley[\w.]*)", not_found, re.MULTILINE):
        raise BuildError(f"Parley imports what is not there: {', '.join(missing)}")
    for line in not_found.splitlines():
        if any(f"named {name} " in line for name in NO_MODULES):
            continue
        if re.search(r"imported by (?:.*, )?parley[\w.]* \((?:delayed|top-level)\)", line):
            raise BuildError(f"Parley needs a package that is not there: {line}")
    return WORK / "dist" / NAME


def check(folder: Path) -> None:
    """See whether the program starts, and knows which version it is."""
    said = run([folder / f"{NAME if os.name != 'nt' else 'parley-cli'}{SUFFIX}", "--version"], "It does not start.")
    if said.strip() != f"Parley {version()}":
        raise BuildError(f"It should be Parley {version()}, and says: {said}")


def put(made: Path, target: Path) -> None:
    """Put what was made in the place of what an earlier build has made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(made, target)


def report(folder: Path) -> None:
    """Say how large the folder is, and what is largest in it."""
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}
    say(f"{folder}: {sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files")
    for path in sorted(sizes, key=lambda path: -sizes[path])[:LARGEST]:
        say(f"  {sizes[path] / 1e6:5.1f} MB  {path.relative_to(folder).as_posix()}")


def build(into: Path) -> Path:
    """Make the program, and return its path."""
    prepare()
    with timed("translations"):
        compile_translations(WORK / "work" / "app" / "translations")
    if sys.platform in ICON_FORMATS:
        with timed("icon"):
            draw_icon(WORK / "work" / "app" / f"parley.{ICON_FORMATS[sys.platform]}")
    with timed("PyInstaller"):
        made = freeze()
    with timed("first start"):
        check(made)
    folder = into / NAME
    put(made, folder)
    if sys.platform == "darwin":
        put(made.with_name("Parley.app"), into / "Parley.app")
    report(folder)
    return folder / f"{NAME}{SUFFIX}"


def main() -> int:
    """Make the program; with --smoke, try it out."""
    parser = argparse.ArgumentParser(description="Make the program that runs where no Python is.")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where to put it (dist)")
    parser.add_argument("--smoke", action="store_true", help="try it out as a person would")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{WORK}.lock"), timed("all"):
            program = build(arguments.into.absolute())
    except BuildError as error:
        say(str(error))
        return 1
    if not arguments.smoke:
        return 0
    return subprocess.run([sys.executable, ROOT / "packaging" / "smoke.py", program], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
