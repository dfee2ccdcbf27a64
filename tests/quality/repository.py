"""The files of the project, as the tests of this folder look at them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "app" / "parley"

LEFT_OUT = {".git", "__pycache__", "build", "dist", "htmlcov", "node_modules", "screenshots"}
"""Folders that hold nothing of ours; with every hidden one that set-up, tests and checkers leave behind."""


@dataclass(frozen=True)
class Module:
    """One Python file and its syntax tree."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path below app/parley, or below the root, without `.py`."""
        base = PROGRAM if self.path.is_relative_to(PROGRAM) else ROOT
        return self.path.relative_to(base).with_suffix("").as_posix()

    def place(self, node: ast.AST) -> str:
        """Say where a node stands, so that an editor can jump there."""
        return f"{self.path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"

    def calls(self) -> Iterator[ast.Call]:
        """Yield every call."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


@cache
def modules(folder: Path = PROGRAM) -> tuple[Module, ...]:
    """Return the modules below a folder, in order."""
    paths = sorted(path for path in folder.rglob("*.py") if not LEFT_OUT & set(path.relative_to(folder).parts))
    return tuple(Module(path, ast.parse(path.read_text(encoding="utf-8"), str(path))) for path in paths)


def called_name(call: ast.Call) -> str:
    """Return the last part of what is called: `open` for `Path(x).open()`."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


@cache
def project_files() -> tuple[Path, ...]:
    """Return the files that belong to the project: those that git tracks or would; without git, all that look so."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        return tuple(path for path in ROOT.rglob("*") if path.is_file() and not _is_left_out(path))
    return tuple(path for name in listed if name and (path := ROOT / name).is_file())


def _is_left_out(path: Path) -> bool:
    first, *rest = path.relative_to(ROOT).parts
    hidden = first.startswith(".") and first not in {".ci", ".gitignore", ".gitattributes"}
    return hidden or bool(LEFT_OUT & {first, *rest})
