"""Modules are small, say what they are for, and fail loudly."""

import ast
from collections.abc import Iterator

import pytest

from tests.quality.repository import ROOT, Module, called_name, modules

MODULE_LINES = 400
FUNCTION_LINES = 80

# The last line of defence of each door: whatever arrives there is a bug, and is logged. Nobody else catches everything,
# but the keychain, which is what other makers have installed.
CATCHES_EVERYTHING = {
    "keychain",
    "log",
    "main",
    "plugins",
    "server/embedded",
    "server/guard",
    "server/streams",
    "store/changes",
    "turn",
    "ui/tasks",
}
BROAD = {"Exception", "BaseException"}

each_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


def names(expression: ast.expr | None) -> Iterator[str]:
    """Yield the exceptions that a handler names."""
    match expression:
        case None:
            yield "BaseException"
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Tuple(elts=elements):
            for element in elements:
                yield from names(element)


def logs(handler: ast.ExceptHandler) -> bool:
    calls = (node for node in ast.walk(handler) if isinstance(node, ast.Call))
    return any(called_name(call) in {"exception", "error", "critical"} for call in calls)


@each_module
def test_module_says_what_it_is_for(module: Module) -> None:
    assert ast.get_docstring(module.tree), f"{module.place(module.tree)}: one to five lines: what for, what not"


@each_module
def test_module_and_functions_are_small(module: Module) -> None:
    lines = len(module.path.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"{module.place(module.tree)}: {lines} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{module.place(node)}: {node.name} has {length} lines"


@each_module
def test_no_error_is_swallowed(module: Module) -> None:
    handlers = [node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler)]
    for handler in handlers:
        place, last = module.place(handler), handler.body[-1]
        silent = all(isinstance(line, ast.Pass) for line in handler.body)
        assert not silent, f"{place}: say contextlib.suppress, or do something about it"
        passed_on = isinstance(last, ast.Raise) and last.exc is None
        if BROAD & set(names(handler.type)) and not passed_on:
            assert module.name in CATCHES_EVERYTHING, f"{place}: catches everything"
            assert logs(handler), f"{place}: catches everything and does not log it"
    for call in module.calls():
        if called_name(call) == "suppress":
            assert not BROAD & {name for argument in call.args for name in names(argument)}, module.place(call)


def test_packaging_is_not_a_package() -> None:
    # With an __init__.py it would stand in for PyPI's `packaging`, which pytest and pip import.
    assert not (ROOT / "packaging" / "__init__.py").exists()
