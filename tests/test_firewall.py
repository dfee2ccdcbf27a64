"""What a person may have to type so that others reach this computer."""

from parley.firewall import firewall_hints


def test_linux_names_what_is_installed() -> None:
    def which(name: str) -> str | None:
        return f"/usr/sbin/{name}" if name == "ufw" else None

    (hint,) = firewall_hints(3939, system="linux", which=which)
    assert (hint.firewall, hint.command) == ("ufw", "sudo ufw allow 3939/tcp")
    (hint,) = firewall_hints(3939, announced=True, system="linux", which=which)
    assert hint.command.endswith("sudo ufw allow 5353/udp")
    assert firewall_hints(3939, system="linux", which=lambda name: None) == []
    both = firewall_hints(4000, announced=True, system="linux", which=lambda name: name)
    assert [hint.firewall for hint in both] == ["ufw", "firewalld"]
    assert "--add-port=4000/tcp --add-service=mdns" in both[1].command


def test_windows_opens_private_networks_only() -> None:
    (hint,) = firewall_hints(3940, announced=True, system="win32")
    assert hint.command.count("profile=private") == 2
    assert "localport=3940" in hint.command
    assert "localport=5353" in hint.command


def test_macos_names_the_program() -> None:
    (hint,) = firewall_hints(3939, system="darwin", program="/Applications/Parley.app/Contents/MacOS/parley")
    assert '"/Applications/Parley.app/Contents/MacOS/parley"' in hint.command
