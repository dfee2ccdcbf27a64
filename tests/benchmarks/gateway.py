"""Server mode between clients and a model server: beside the model server alone, and LiteLLM's proxy if there is one.

`PARLEY_BENCH_LITELLM` names the program `litellm` of an environment of its own (`pip install 'litellm[proxy]'`).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from parley.options import ProviderRow
from parley.paths import Paths
from parley.settings import Settings
from tests.benchmarks import sessions
from tests.benchmarks.load import WORDS
from tests.benchmarks.memory import memory
from tests.benchmarks.upstream import MODELS
from tests.providers.sockets import unused_port

LITELLM = "PARLEY_BENCH_LITELLM"
LITELLM_KEY = "sk-bench-7Qm2xV9kLr4TzW8pYc3NfHs6"
LONGEST_START = 120.0


@dataclass
class Found:
    """What was measured of one way to the model: seconds, and megabytes."""

    starts: list[float] = field(default_factory=list)
    idle: dict[str, float] = field(default_factory=dict)
    loaded: dict[str, float] = field(default_factory=dict)
    load: dict[str, Any] = field(default_factory=dict)
    cpu: list[float] = field(default_factory=list)
    cpu_of_word: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Gateway:
    """A program that stands between: how it is started, where it is asked, and when it is there."""

    command: Sequence[str]
    env: Mapping[str, str]
    port: int
    ready: str
    token: str
    prefix: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @contextmanager
    def running(self) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
        """Run it; give the process, and the seconds until it was there."""
        began = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                self.command, env={**sessions.environment(), **self.env}, stdout=said, stderr=subprocess.STDOUT
            )
            try:
                while not self._is_ready():
                    if process.poll() is not None or time.perf_counter() - began > LONGEST_START:
                        said.seek(0)
                        raise sessions.SessionFailed(said.read()[-2000:].decode(errors="replace"))
                    time.sleep(0.01)
                yield process, time.perf_counter() - began
            finally:
                process.terminate()
                process.wait(30)

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{self.ready}", timeout=2) as response:
                return response.status in (200, 204)
        except (URLError, OSError):
            return False


def measure(plan: Mapping[str, Any], starts: int) -> dict[str, Found]:
    """Return what was found of each way: `direct`, `parley`, and `litellm` if it is there."""
    found = {"direct": Found()}
    with tempfile.TemporaryDirectory() as folder, sessions.model_server("upstream") as upstream:
        ways = {"parley": _parley(Path(folder), upstream)}
        if program := os.environ.get(LITELLM):
            ways["litellm"] = _litellm(Path(folder), upstream, program)
        found["direct"].load = _load(upstream, "none", "", plan)
        for name, gateway in ways.items():
            found[name] = Found()
            for number in range(starts + 1):
                with gateway.running() as (_, seconds):
                    if number:  # the first one fills caches
                        found[name].starts.append(seconds)
            with gateway.running() as (process, _):
                _measure(gateway, process.pid, plan, found[name])
    return found


def _measure(gateway: Gateway, pid: int, plan: Mapping[str, Any], found: Found) -> None:
    time.sleep(1.0)  # what it does after its start
    found.idle = memory(pid)
    _load(gateway.url, gateway.token, gateway.prefix, {})  # what is loaded at the first question
    warm_up = _cost(gateway, pid, {})
    for _ in range(plan["rounds"]):
        cost = _cost(gateway, pid, {"answers": plan["answers"]}) - warm_up
        found.cpu.append(max(0.0, cost) / plan["answers"])  # below nothing is what the clock of the system cannot tell
        cost = _cost(gateway, pid, {"streams": plan["streams"], "rounds": 1}) - warm_up
        found.cpu_of_word.append(max(0.0, cost) / (plan["streams"] * WORDS))
    found.load = _load(gateway.url, gateway.token, gateway.prefix, plan)
    found.loaded = memory(pid)


def _load(url: str, token: str, prefix: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    return sessions.session("load", url, token, prefix, json.dumps(plan))


def _cost(gateway: Gateway, pid: int, plan: Mapping[str, Any]) -> float:
    """Return the seconds of work of a process for a load."""
    before = _cpu(pid)
    _load(gateway.url, gateway.token, gateway.prefix, plan)
    return _cpu(pid) - before


def _cpu(pid: int) -> float:
    """Return the seconds of work of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _parley(folder: Path, upstream: str) -> Gateway:
    paths = Paths(folder / "data")
    paths.data.mkdir()
    Settings(paths.settings).update(
        providers=(ProviderRow("bench", upstream),),
        discover=False,
        server_requests=1_000_000,
        server_llm_calls=100_000,
    )
    program = [sys.executable, "-m", "parley", "--data-dir", str(paths.data)]
    token = subprocess.run(
        [*program, "token", "create", "bench"], env=sessions.environment(), capture_output=True, text=True, check=True
    ).stdout.strip()
    port = unused_port()
    return Gateway([*program, "serve", "--port", str(port)], {}, port, "/live", token, "bench/")


def _litellm(folder: Path, upstream: str, program: str) -> Gateway:
    listed = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_base": upstream, "api_key": "none"}}
        for name in MODELS
    ]
    config = folder / "litellm.yaml"  # JSON is YAML
    settings = {"telemetry": False, "num_retries": 0, "drop_params": True}
    general = {"disable_spend_logs": True}
    config.write_text(
        json.dumps({"model_list": listed, "litellm_settings": settings, "general_settings": general}), encoding="utf-8"
    )
    port = unused_port()
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    env = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": LITELLM_KEY,
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "NO_PROXY": "*",
    }
    return Gateway([*command, "--num_workers", "1"], env, port, "/health/liveliness", LITELLM_KEY)
