"""Options: the one typed table of what can be set, and what each option takes. Knows nothing of the file.

A new option is one line in `table`. Its type, limits, help and default are read from there by the command line, the
settings window and the manual.
"""

from parley.options.declared import QT_TRANSLATE_NOOP, Page, ProviderRow, ShortcutRow, option
from parley.options.reading import (
    checked,
    expected,
    from_text,
    kind_of,
    option_of,
    value_text,
    values_of,
    visible_options,
)
from parley.options.table import Options

__all__ = [
    "QT_TRANSLATE_NOOP",
    "Options",
    "Page",
    "ProviderRow",
    "ShortcutRow",
    "checked",
    "expected",
    "from_text",
    "kind_of",
    "option",
    "option_of",
    "value_text",
    "values_of",
    "visible_options",
]
