"""Asynchronous Qt forgives little (app/ARCHITECTURE.md says why), and all visible words can be translated."""

import ast

import pytest

from tests.quality.repository import PROGRAM, Module, called_name, modules

FORBIDDEN_CALLS = {
    "exec": "a nested loop breaks other tasks: await ask(dialog)",
    "exec_": "a nested loop breaks other tasks: await ask(dialog)",
    "asyncSlot": "keeps no reference to its task: self.tasks.start(coroutine)",
    "create_task": "keeps no reference to its task: self.tasks.start(coroutine)",
    "ensure_future": "keeps no reference to its task: self.tasks.start(coroutine)",
    "processEvents": "a nested loop breaks other tasks: await something",
}
START_TASKS = {
    "ui/tasks",
    "ui/program/loop",
    "ui/program/first_paint",
    "ui/program/loading",
}  # the helper, the event loop itself, and what is before it

# Methods and classes of Qt whose first text people see or hear.
SHOWS_ITS_FIRST_TEXT = {
    "addAction", "addButton", "addItem", "addMenu", "addTab", "insertTab", "setAccessibleDescription",
    "setAccessibleName", "setDetailedText", "setInformativeText", "setItemText", "setPlaceholderText", "setPrefix",
    "setStatusTip", "setSuffix", "setTabText", "setText", "setTitle", "setToolTip", "setWhatsThis", "setWindowTitle",
    "showMessage", "QAction", "QCheckBox", "QGroupBox", "QLabel", "QMenu", "QPushButton", "QRadioButton",
}  # fmt: skip
NAMES = {"Parley"}  # the same in every language

each_module = pytest.mark.parametrize("module", modules(PROGRAM / "ui"), ids=lambda module: module.name)


def words(expression: ast.expr) -> str:
    """Return the words that stand in an expression as they are, not through tr()."""
    match expression:
        case ast.Constant(value=str(text)):
            found = text
        case ast.JoinedStr(values=parts):
            found = " ".join(words(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            found = f"{words(left)} {words(right)}"
        case ast.IfExp(body=body, orelse=other):
            found = f"{words(body)} {words(other)}"
        case _:
            found = ""
    return found if any(letter.isalpha() for letter in found) and found.strip() not in NAMES else ""


@each_module
def test_no_nested_loops_and_no_lost_tasks(module: Module) -> None:
    for node in ast.walk(module.tree):
        name = called_name(node) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):  # @asyncSlot without parentheses
            name = next((d.id for d in node.decorator_list if isinstance(d, ast.Name) and d.id == "asyncSlot"), "")
        if name in FORBIDDEN_CALLS and module.name not in START_TASKS:
            pytest.fail(f"{module.place(node)}: {name}: {FORBIDDEN_CALLS[name]}")


@each_module
def test_visible_words_can_be_translated(module: Module) -> None:
    for call in module.calls():
        if called_name(call) in SHOWS_ITS_FIRST_TEXT:
            for argument in call.args:
                assert not words(argument), f"{module.place(call)}: {words(argument)!r} does not go through tr()"


@each_module
def test_translated_words_are_written_out(module: Module) -> None:
    # lupdate reads the source: it finds neither f-strings nor variables.
    for call in module.calls():
        if called_name(call) == "tr" and call.args:
            text = call.args[0]
            assert isinstance(text, ast.Constant), f"{module.place(call)}: tr() takes a plain string"
