"""Firewalls: what a person may have to type so that others reach this computer. Nothing is run here."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

MDNS_PORT = 5353


@dataclass(frozen=True, slots=True)
class FirewallHint:
    """A firewall that may be in the way, and the command that opens it: for an administrator, in a terminal."""

    firewall: str
    command: str


def firewall_hints(
    port: int,
    *,
    announced: bool = False,
    system: str = sys.platform,
    program: str = sys.executable,
    which: Callable[[str], str | None] = shutil.which,
) -> list[FirewallHint]:
    """Return the firewalls of a system with the commands that let a port through.

    `announced` lets mDNS through as well. On Linux only those that are installed are named.
    """
    if system == "win32":
        return [FirewallHint("Windows Defender Firewall", _windows(port, announced))]
    if system == "darwin":
        tool = "/usr/libexec/ApplicationFirewall/socketfilterfw"
        return [FirewallHint("macOS", f'sudo {tool} --add "{program}" && sudo {tool} --unblockapp "{program}"')]
    found = []
    if which("ufw"):
        mdns = f" && sudo ufw allow {MDNS_PORT}/udp" if announced else ""
        found.append(FirewallHint("ufw", f"sudo ufw allow {port}/tcp{mdns}"))
    if which("firewall-cmd"):
        mdns = " --add-service=mdns" if announced else ""
        command = f"sudo firewall-cmd --permanent --add-port={port}/tcp{mdns} && sudo firewall-cmd --reload"
        found.append(FirewallHint("firewalld", command))
    return found


def _windows(port: int, announced: bool) -> str:
    rules = [_rule("Parley", "TCP", port)]
    if announced:
        rules.append(_rule("Parley mDNS", "UDP", MDNS_PORT))
    return " & ".join(rules)


def _rule(name: str, protocol: str, port: int) -> str:
    # Private networks only: in a café nobody should reach this computer.
    rule = f'name="{name}" dir=in action=allow protocol={protocol} localport={port} profile=private'
    return f"netsh advfirewall firewall add rule {rule}"
