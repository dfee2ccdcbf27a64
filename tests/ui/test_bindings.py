"""PySide as the program loads it: nothing is missing of what waits, and its enumerations are like any other's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import parley

ENUMS = """
import enum, inspect, json, operator, pickle, sys

if sys.argv[1:]:
    from parley.ui.program.enums import make_enums_quickly
    make_enums_quickly()

from PySide6 import QtCore, QtGui, QtNetwork, QtWidgets

INNER = {"__dict__", "__weakref__"}


def facts(value):
    # What a member or an entry of the class is, as text: both processes must say the same.
    if isinstance(value, staticmethod):
        value = value.__func__
    if isinstance(value, enum.Enum):
        return [type(value).__qualname__, value.name, repr(value.value), repr(value), str(value), format(value),
                hash(value) if isinstance(value, int) else 0, bool(value),
                getattr(value, "__objclass__", None) is type(value), sorted(vars(value))]
    if isinstance(value, dict):
        return [[repr(key), facts(entry)] for key, entry in value.items()]
    if isinstance(value, list | tuple):
        return [facts(entry) for entry in value]
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return type(value).__name__ if isinstance(value, enum.property) else repr(value)


def said(act, *values):
    try:
        return facts(act(*values))
    except (TypeError, ValueError) as error:
        return str(error)


def described(made):
    entries = {name: facts(entry) for name, entry in vars(made).items() if name not in INNER}
    members = list(made)
    told = [type(made).__name__, [base.__qualname__ for base in made.__mro__], repr(made), entries]
    told += [made.__module__, facts(members), list(made.__members__)]
    told += [said(made, value) for value in (-77, 0, 1 << 30, "no such name")]
    for one, other in zip(members, members[1:]):
        told += [said(act, one, other) for act in (operator.or_, operator.and_, operator.xor, operator.lt)]
        told += [said(operator.invert, one), said(list, one), one in made]
        told.append(made.__name__ == "Others" or pickle.loads(pickle.dumps(one)) is one)
    return told


class Doubled(enum.Enum):
    def __new__(cls, value):
        made = object.__new__(cls)
        made._value_ = 2 * value
        return made


def walk(scope, seen, told):
    for name in sorted(vars(scope)) if isinstance(scope, type) else sorted(dir(scope)):
        found = getattr(scope, name, None)
        if not isinstance(found, type) or found in seen:
            continue
        seen.add(found)
        if isinstance(found, enum.EnumType):
            told[f"{found.__module__}.{found.__qualname__}"] = described(found)
        elif found.__module__.startswith("PySide6"):
            walk(found, seen, told)


told = {
    "others": [
        described(enum.Enum("Others", [("ONE", 1), ("TWO", 2), ("UNO", 1)])),
        described(enum.Flag("Others", [("READ", 1), ("WRITE", 2), ("BOTH", 3), ("NONE", 0), ("FAR", 16)])),
        described(enum.IntFlag("Others", [("FAR", 16), ("NEAR", 1)])),
        described(enum.Enum("Others", ["AB", "CD"])),
        described(enum.Enum("Others", [("AB", "text"), ("CD", (1, 2))])),
        described(enum.IntEnum("Others", [("real", 1)])),
        described(Doubled("Others", [("ONE", 1)])),
    ]
}
for module in (QtCore, QtGui, QtNetwork, QtWidgets):
    walk(module, set(), told)
json.dump(told, sys.stdout)
"""

TOOLS = """
import builtins, json, sys

python_import = builtins.__import__
if sys.argv[1:]:
    from parley.ui.program.bindings import Deferred, load_qt
    load_qt()
else:
    class Deferred: ...
from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtWidgets import QApplication, QWidget
from shibokensupport.signature import get_signature

told = {"own": builtins.__import__ is python_import}


class Widget(QWidget):
    pressed = Signal(int)


def fault(act):
    try:
        act()
    except (AttributeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def waiting():
    return sorted(name for name, module in sys.modules.items() if isinstance(module, Deferred))


app = QApplication(["test", "-platform", "offscreen"])
widget = Widget(objectName="named")
widget.pressed.connect(widget.setFixedWidth)
widget.pressed.emit(70)
told["works"] = [widget.objectName(), widget.width()]
told["before"] = waiting()
told["faults"] = [
    fault(lambda: widget.resize("wide")),
    fault(lambda: widget.resize(1, 2, 3)),
    fault(lambda: QSize(1, "2")),
    fault(lambda: Widget(colour=3)),
    fault(lambda: widget.setNothing()),
    fault(lambda: QObject.objectName()),
    fault(lambda: widget.pressed.emit("text")),
]
told["help"] = [QWidget.resize.__doc__, len(QWidget.__doc__), str(get_signature(QSize.scaled))]
told["after"] = waiting()
json.dump(told, sys.stdout)
"""


def run(script: str, *arguments: str) -> Any:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(parley.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_enumerations_are_those_that_python_makes() -> None:
    carefully, quickly = run(ENUMS), run(ENUMS, "quickly")
    assert len(carefully) > 500
    for name, told in carefully.items():
        assert quickly[name] == told, name
    assert quickly == carefully


def test_what_pyside_has_for_developers_is_there_when_it_is_asked_for() -> None:
    usual, ours = run(TOOLS), run(TOOLS, "ours")
    waiting = set(ours["before"])
    assert {"shibokensupport.signature.errorhandler", "shibokensupport.signature.parser"} <= waiting
    assert waiting - set(ours["after"]) >= {f"shibokensupport.signature.{name}" for name in ("mapping", "layout")}
    assert ours["own"]
    assert "Supported signatures" in ours["faults"][0]
    for what in ("works", "faults", "help"):
        assert ours[what] == usual[what]
