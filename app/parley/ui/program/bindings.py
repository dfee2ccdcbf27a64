"""PySide, loaded without what only developers need of it.

It comes with a dozen modules that know the signatures of its functions: they word a TypeError, and write stubs. It
compiles them anew in every process, which is a third of a small program's start. Here each of them waits until it is
asked for something. And it takes the place of Python's `import`, to read the source of every module and see whether it
speaks of PySide6, for the sake of `__feature__` switches that nobody here turns. Here Python gets its own one back.
"""

import builtins
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from parley.ui.program.enums import make_enums_quickly

PACKAGES = ("shibokensupport.signature", "shibokensupport.signature.lib")
TOOLS = frozenset({"enum_sig", "errorhandler", "layout", "mapping", "parser", "pyi_generator", "tool"})
"""What its own loader imports from these packages. A PySide that does it in another way is let be."""
FROM_LIST = 2
"""Its place among the arguments of an import, after the name."""


def load_qt() -> None:
    """Import QtCore. Raises ImportError."""
    python_import = builtins.__import__

    def import_later(name: str, *arguments: Any, **named: Any) -> ModuleType:
        if name in PACKAGES and len(arguments) > FROM_LIST:
            for tool in TOOLS.intersection(arguments[FROM_LIST] or ()):
                _defer(name, tool)
        return python_import(name, *arguments, **named)

    make_enums_quickly()
    builtins.__import__ = import_later
    try:
        import_module("PySide6.QtCore")
    finally:
        builtins.__import__ = python_import


class Deferred(ModuleType):
    """A module that is executed when one of its names is asked for.

    Not the standard library's lazy loader: PySide renames the modules, and looks into one without asking it.
    """

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(spec.name)
        self.__spec__ = spec
        vars(self)["update_mapping"] = self._update_mapping

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._execute()
        return getattr(self, name)

    def _update_mapping(self) -> None:
        """Do what the C++ part takes out of the dictionary of one of them."""
        self._execute()
        self.update_mapping()

    def _execute(self) -> None:
        spec = self.__spec__
        assert spec
        assert spec.loader
        spec.name = self.__name__
        del self.update_mapping
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(self)


def _defer(package: str, tool: str) -> None:
    name = f"{package}.{tool}"
    spec = None if name in sys.modules else find_spec(name)
    if spec:
        sys.modules[name] = deferred = Deferred(spec)
        setattr(import_module(package), tool, deferred)
