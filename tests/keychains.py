"""D-Bus sessions of their own with a Secret Service on them: the real one of GNOME, one that never answers, or none."""

import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import pytest

Kind = Literal["gnome", "silent", "none"]

PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
BARE_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>
"""
"""A bus that starts no services by itself."""

SILENT = """
import sys
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

connection = open_dbus_connection("SESSION")
bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.freedesktop.secrets", 0)))
print("ready", flush=True)
sys.stdin.read()
"""
"""Takes the Secret Service's name, and reads nothing that is said to it."""


def demand_programs() -> None:
    """Skip where keychains are none of these; fail where they should be there and are not."""
    if not sys.platform.startswith("linux"):
        pytest.skip("another system, with another keychain")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        (pytest.fail if os.environ.get("CI") or os.geteuid() == 0 else pytest.skip)(f"{missing} are not installed")


@contextmanager
def session(kind: Kind, folder: Path) -> Iterator[str]:
    """Lend the address of a D-Bus session. The keyring of the real service is open, and its files are in the folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    config = folder / "bus.conf"
    config.write_text(BARE_BUS.format(folder=folder))
    own = [] if kind == "gnome" else [f"--config-file={config}"]
    start = "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1;"
    script = f'{start if kind == "gnome" else ""} echo "$DBUS_SESSION_BUS_ADDRESS"; read _'
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {name: str(folder) for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    command = ["dbus-run-session", *own, "--", "sh", "-c", script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL, **pipes) as bus:  # type: ignore[call-overload]
        address = bus.stdout.readline().strip()
        assert address
        if kind != "silent":
            yield address
        else:
            env["DBUS_SESSION_BUS_ADDRESS"] = address
            with subprocess.Popen([sys.executable, "-c", SILENT], env=env, **pipes) as service:  # type: ignore[call-overload]
                assert service.stdout.readline() == "ready\n"
                yield address
                service.stdin.close()
        bus.stdin.close()
    for thread in threading.enumerate():
        if thread.name == "keychain":  # its question fails now, at the latest
            thread.join(10)
    gc.collect()  # keyring leaves connections open when something fails


def lock() -> None:
    """Lock the keyring of the session that the environment names."""
    import secretstorage

    with closing(secretstorage.dbus_init()) as connection:
        secretstorage.get_default_collection(connection).lock()


def labels() -> list[str]:
    """Return what a person sees in the keyring."""
    import secretstorage

    with closing(secretstorage.dbus_init()) as connection:
        return sorted(item.get_label() for item in secretstorage.get_default_collection(connection).get_all_items())
