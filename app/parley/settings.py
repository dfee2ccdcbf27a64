"""Settings: the options of one data directory, and the file that keeps them.

Renamed options go into `RENAMED`, dropped ones into `REMOVED`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin

from parley import settings_file
from parley.errors import SettingInvalid
from parley.files import alone
from parley.options import Options, checked, from_text, kind_of, option_of

logger = logging.getLogger(__name__)

RENAMED: Mapping[str, str] = {}
REMOVED: frozenset[str] = frozenset()


class Settings:
    """The options of one data directory, shared by every process that uses it.

    Options that are not in the file have their defaults; entries of the file that this version does
    not know are kept as they are. `update` writes the whole file anew and swaps it in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stored: dict[str, Any] = {}
        self._seen: tuple[int, int] | None = None
        self._observers: list[Callable[[Options], None]] = []
        self.options = Options()
        self.reload()

    def reload(self) -> bool:
        """Read the file again if another process has written it; tell the observers. Return whether it changed.

        Raises SettingsUnreadable when the file is damaged, and leaves it alone.
        """
        seen = settings_file.fingerprint(self._path)
        if seen == self._seen:
            return False
        stored = {} if seen is None else settings_file.read(self._path)
        self._stored = {key: value for key, value in stored.items() if key not in REMOVED}
        self._seen = seen
        self._adopt(_parse(self._stored))
        return True

    def update(self, **values: Any) -> None:
        """Set options and save them.

        Raises SettingUnknown, SettingInvalid, SettingsUnreadable, StoreReadOnly, StoreFull and StoreBusy; nothing is
        changed then.
        """
        fitting = {key: checked(option_of(key), value) for key, value in values.items()}
        with alone(self._path):
            self.reload()
            rows = {key: [asdict(row) for row in value] for key, value in fitting.items() if isinstance(value, tuple)}
            stored = self._stored | fitting | rows
            settings_file.write(self._path, stored)
            self._stored, self._seen = stored, settings_file.fingerprint(self._path)
        self._adopt(replace(self.options, **fitting))

    def set_text(self, key: str, text: str) -> None:
        """Set one option from what a person typed. Raises like `update`."""
        self.update(**{key: from_text(option_of(key), text)})

    def subscribe(self, observer: Callable[[Options], None]) -> Callable[[], None]:
        """Call the observer after every change. Return what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _adopt(self, options: Options) -> None:
        changed = options != self.options
        self.options = options
        if changed:
            for observer in tuple(self._observers):
                observer(options)


def _parse(stored: Mapping[str, Any]) -> Options:
    """Return the options of a file. A value that does not fit is logged, and the default stands in."""
    values: dict[str, Any] = {}
    known = {found.name: found for found in fields(Options)}
    for stored_key, stored_value in stored.items():
        key = RENAMED.get(stored_key, stored_key)
        if key not in known:
            continue
        try:
            kind = kind_of(known[key])
            value = _rows(get_args(kind)[0], stored_value) if get_origin(kind) is tuple else stored_value
            values[key] = checked(known[key], value)
        except (SettingInvalid, TypeError) as error:
            logger.warning("settings: %s is ignored: %s", key, error)
    return Options(**values)


def _rows(kind: type[Any], stored: Any) -> tuple[Any, ...]:
    """Return the rows of a list. One that cannot be read does not spoil the others."""
    rows: list[Any] = []
    known = [found.name for found in fields(kind)]
    for row in stored:
        values = {name: row[name] for name in known if name in row} if isinstance(row, dict) else {}
        try:
            if not all(isinstance(value, str) for value in values.values()):
                raise TypeError("not a text")
            rows.append(kind(**values))
        except TypeError as error:
            logger.warning("settings: a %s is ignored: %s", kind.__name__, error)
    return tuple(rows)
