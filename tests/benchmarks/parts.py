"""The parts of the benchmarks: each measures some figures."""

import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from parley.options import ProviderRow
from parley.paths import Paths
from parley.settings import Settings
from tests.benchmarks import gateway, layer, search, sessions
from tests.benchmarks.data import Data
from tests.benchmarks.figures import Figure, Target, milliseconds
from tests.benchmarks.plan import Plan
from tests.benchmarks.saying import TOKEN, Saying
from tests.providers.sockets import unused_port

FRAME = Target(16, "p95")
MEMORY = {"pss": Target(110)}
GAP = Target(20, "p95")
KEYS_BETWEEN = 0.11
AT_ONCE = (1, 8, 32)
WORDS_A_SECOND = 20
"""Said to each program in the network."""
SHOWN_A_SECOND = 200
"""Tokens that come into the chat on show meanwhile."""


@contextmanager
def desk_data(data: Data) -> Iterator[Data]:
    """Give a copy of the data whose model is a server that is running."""
    with tempfile.TemporaryDirectory() as folder, sessions.model_server() as server:
        yield data.copy(Path(folder) / "data", server)


def starting(plan: Plan, data: Data) -> Iterator[Figure]:
    """Processes in turns: a bare window, the program, a bare window, the program."""
    with tempfile.TemporaryDirectory() as folder:
        copy = data.copy(Path(folder) / "data")
        Settings(Paths(copy.folder).settings).update(last_chat=copy.long_id)
        runs: dict[str, list[dict[str, Any]]] = {"bare": [], "program": []}
        for number in range(plan.starts + 1):
            bare = sessions.session("bare")
            program = sessions.drive(copy.folder, "start", {})
            if number:  # the first one fills the caches of the disk and of Python
                runs["bare"].append(bare)
                runs["program"].append(program)

    def since_start(of: str, what: str) -> list[float]:
        return milliseconds(run[what] - run["spawned"] for run in runs[of])

    bare_paint = since_start("bare", "painted")
    yield Figure("start: bare window, first paint", "ms", bare_paint)
    yield Figure("start: first paint, shell and list", "ms", since_start("program", "painted"), bare_paint, _x(1.6))
    bare_cpu, cpu = (milliseconds(run["cpu"] for run in runs[of]) for of in ("bare", "program"))
    yield Figure("start: first paint, cpu only", "ms", cpu, bare_cpu, _x(1.6))
    yield Figure("start: latest chat drawn", "ms", since_start("program", "drawn"), bare_paint)
    yield Figure("start: usable, a letter typed", "ms", since_start("program", "usable"), bare_paint, _x(2.5))
    usable_cpu = milliseconds(run["usable_cpu"] for run in runs["program"])
    yield Figure("start: usable, cpu only", "ms", usable_cpu, bare_cpu, _x(2.5))
    for kind in ("pss", "rss"):
        bare_memory = [run["memory"][kind] for run in runs["bare"] if kind in run["memory"]]
        memory = [run["memory"][kind] for run in runs["program"] if kind in run["memory"]]
        if memory:
            yield Figure(f"memory when all of the window is there, {kind}", "MB", memory, bare_memory, MEMORY.get(kind))


def opening(plan: Plan, data: Data) -> Iterator[Figure]:
    """The long chat, opened again and again."""
    with desk_data(data) as copy:
        ids = {"long_id": copy.long_id, "short_id": copy.short_id}
        found = sessions.drive(copy.folder, "open", {**ids, "times": plan.openings, "calm": plan.calm})
    short = milliseconds(found["short"])
    yield Figure("open a chat of 4 messages", "ms", short)
    yield Figure(f"open a chat of {copy.messages:,} messages", "ms", milliseconds(found["long"]), short, Target(60))
    cpu = milliseconds(found["long_cpu"]), milliseconds(found["short_cpu"])
    yield Figure("the same, cpu only", "ms", *cpu, Target(60))
    for kind, size in found["memory"].items():
        yield Figure(f"memory after that, all loaded, {kind}", "MB", [size], (), MEMORY.get(kind))


def streaming(plan: Plan, data: Data) -> Iterator[Figure]:
    """Answers that come into the long chat."""
    rate = max(plan.rates)
    alone = Saying("mixed", rate, plan.seconds, size=int(rate * plan.seconds) * TOKEN)
    sayings = {
        f"{text}, {rate}/s": asdict(Saying(text, rate, plan.seconds, plan.size, 2 * plan.calm))
        for text in plan.texts
        for rate in plan.rates
    }
    with desk_data(data) as copy:
        options = {"long_id": copy.long_id, "alone": asdict(alone), "sayings": sayings, "calm": plan.calm}
        found = sessions.drive(copy.folder, "frames_stream", options)
    for kind, words in (("frames", "frame"), ("cpu", "frame, cpu only")):
        base = milliseconds(found["alone"][kind])
        yield Figure(f"{words}: a new chat, mixed, {rate}/s", "ms", base)
        for name in sayings:
            yield Figure(f"{words}: long chat, {name}", "ms", milliseconds(found[name][kind]), base, FRAME)
    told = [found[name] for name in sayings]
    yield Figure("frames shown a second", "1/s", [run["per_second"] for run in told], [found["alone"]["per_second"]])
    yield Figure("interface busy meanwhile", "%", [run["busy"] * 100 for run in told], [found["alone"]["busy"] * 100])
    for what, words in (("asked", "a question is sent"), ("longest", "an answer comes"), ("ended", "it ends")):
        stalls = milliseconds(run[what] for run in told)
        yield Figure(f"longest stall while {words}", "ms", stalls, milliseconds([found["alone"][what]]))


def typing(plan: Plan, data: Data) -> Iterator[Figure]:
    """From a key to its letter."""
    rate = max(plan.rates)
    saying = Saying(
        "mixed", rate, min(plan.size / rate / TOKEN, plan.keys * KEYS_BETWEEN * 1.5), plan.size, 2 * plan.calm
    )
    with desk_data(data) as copy:
        options = {
            "long_id": copy.long_id,
            "saying": asdict(saying),
            "keys": plan.keys,
            "rounds": plan.rounds,
            "between": KEYS_BETWEEN,
            "calm": plan.calm,
        }
        found = sessions.drive(copy.folder, "type", options)
    idle = milliseconds(found["idle"])
    yield Figure("key to letter, at rest", "ms", idle)
    yield Figure(f"key to letter, {rate}/s streaming", "ms", milliseconds(found["streaming"]), idle)


def sidebar(plan: Plan, data: Data) -> Iterator[Figure]:
    """The list of all chats."""
    saying = Saying("mixed", max(plan.rates), plan.seconds, plan.size, 2 * plan.calm)
    with desk_data(data) as copy:
        options = {"long_id": copy.long_id, "times": plan.pages, "saying": asdict(saying), "calm": plan.calm}
        found = sessions.drive(copy.folder, "frames_sidebar", options)
    before, after = found["before"], found["after"]
    steps = milliseconds(found["steps"])
    tenth = max(1, len(steps) // 10)
    yield Figure("list: first page, read and painted", "ms", milliseconds(found["pages"]))
    yield Figure("list: a pull at the scroll bar, last tenth", "ms", steps[-tenth:], steps[:tenth])
    for kind, words in (("frames", "frame"), ("cpu", "frame, cpu only")):
        base = milliseconds(before[kind])
        yield Figure(f"list: {words}, scrolling to the end", "ms", milliseconds(found[kind]), (), FRAME)
        yield Figure(f"list: {words}, streaming, all chats loaded", "ms", milliseconds(after[kind]), base, FRAME)
    for what, words in (("asked", "a question is sent"), ("longest", "an answer comes"), ("ended", "it ends")):
        stall, base = milliseconds([after[what]]), milliseconds([before[what]])
        yield Figure(f"list: longest stall, {words}, all loaded", "ms", stall, base)


def network(plan: Plan, data: Data) -> Iterator[Figure]:
    """The window while programs in the network are told something, each at the pace at which models speak."""
    seconds = 4 * plan.seconds
    saying = Saying("mixed", SHOWN_A_SECOND, seconds, plan.size, 2 * plan.calm)
    length = round(WORDS_A_SECOND * (seconds + 4 + plan.listeners / 10))
    with desk_data(data) as copy, sessions.model_server("upstream") as upstream:
        settings = Settings(Paths(copy.folder).settings)
        settings.update(
            providers=(*settings.options.providers, ProviderRow("load", upstream)),
            server_port=unused_port(),
            server_requests=1_000_000,
            server_llm_calls=100_000,
        )
        options = {
            "long_id": copy.long_id,
            "saying": asdict(saying),
            "model": f"load/t{length}-r{WORDS_A_SECOND}",
            "many": plan.listeners,
            "calm": plan.calm,
        }
        found = sessions.drive(copy.folder, "frames_network", options)
    alone, served, heard = found["alone"], found["served"], found["heard"]
    if any(each["words"] != length for each in (*heard["sockets"], *heard["streams"])):
        raise sessions.SessionFailed("not all that was said has been heard")
    for kind, words, target in (
        ("frames", "a frame", FRAME),
        ("cpu", "a frame, cpu only", FRAME),
        ("gaps", "from frame to frame", GAP),
    ):
        base = milliseconds(alone[kind])
        yield Figure(f"network: {words}, nobody asks", "ms", base)
        yield Figure(f"network: {words}", "ms", milliseconds(served[kind]), base, target)
    many = 2 * plan.listeners
    yield Figure(
        "network: longest stall meanwhile", "ms", milliseconds([served["longest"]]), milliseconds([alone["longest"]])
    )
    yield Figure(f"network: longest stall when {many} ask at once", "ms", milliseconds([found["begun"]]))
    yield Figure("network: interface busy", "%", [served["busy"] * 100], [alone["busy"] * 100])
    yield Figure("network: cpu of all threads", "%", [served["process"] * 100], [alone["process"] * 100])
    added = max(0.0, served["process"] - alone["process"]) / (many * WORDS_A_SECOND)
    yield Figure("network: cpu a word that somebody hears", "µs", [added * 1e6])
    for kind, words in (("sockets", "socket"), ("streams", "stream")):
        yield Figure(f"network: first word of a {words}", "ms", milliseconds(each["first"] for each in heard[kind]))
        pauses = milliseconds(each["pause"] for each in heard[kind])
        yield Figure(f"network: longest pause of a {words}", "ms", pauses, [1000 / WORDS_A_SECOND])


def searching(plan: Plan, data: Data) -> Iterator[Figure]:
    """Search over everything, against reading everything."""
    found = search.measure(plan.searched, plan.scans)
    scans = milliseconds(found.pop("scan"))
    yield Figure(f"search {plan.searched:,}: baseline, LIKE", "ms", scans)
    for kind, seconds in found.items():
        yield Figure(f"search {plan.searched:,}: {kind}", "ms", milliseconds(seconds), scans, Target(10, "p95"))


def providing(plan: Plan, data: Data) -> Iterator[Figure]:
    """The provider layer, beside a bare loop over httpx."""
    found = layer.measure(plan.chunks, plan.answers)
    for kind, words in (("whole", "each in a piece"), ("cut", "cut anywhere")):
        bare_cpu, cpu = ([seconds * 1e6 for seconds in found[kind][way].cpu] for way in ("bare", "layered"))
        yield Figure(f"provider: cpu a chunk, {words}, bare httpx", "µs", bare_cpu)
        yield Figure(f"provider: cpu a chunk, {words}", "µs", cpu, bare_cpu, _x(2))
    alone, through = (milliseconds(found["short"][way].first) for way in ("bare", "layered"))
    added = max(0.0, statistics.median(through) - statistics.median(alone))
    yield Figure("provider: first word, bare httpx", "ms", alone)
    yield Figure("provider: first word", "ms", through, alone)
    yield Figure("provider: first word, added in the middle", "ms", [added], (), Target(3))


def gateways(plan: Plan, data: Data) -> Iterator[Figure]:
    """Server mode between a client and a model server."""
    asked = {
        "answers": plan.asked,
        "streamed": plan.asked,
        "at_once": AT_ONCE,
        "seconds": plan.seconds,
        "streams": 50,
        "rounds": plan.rounds,
    }
    found = gateway.measure(asked, plan.rounds)
    direct, ours, other = found["direct"].load, found["parley"], found.get("litellm")
    if other:
        yield Figure("server: start, LiteLLM", "ms", milliseconds(other.starts))
    yield Figure(
        "server: start", "ms", milliseconds(ours.starts), milliseconds(other.starts) if other else (), _x(1 / 8)
    )
    for words, key in (("answer of 64 words", "answers"), ("first word of a stream", "first")):
        base = statistics.median(direct[key])
        added = milliseconds(max(0.0, taken - base) for taken in ours.load[key])
        theirs = milliseconds(max(0.0, taken - base) for taken in other.load[key]) if other else ()
        yield Figure(f"server: {words}, added", "ms", added, theirs, _x(1 / 5))
    cpu = milliseconds(other.cpu) if other else ()
    yield Figure("server: cpu an answer", "ms", milliseconds(ours.cpu), cpu, _x(1 / 5))
    spent, theirs = ([taken * 1e6 for taken in way.cpu_of_word] if way else [] for way in (ours, other))
    yield Figure("server: cpu a word, 50 streams", "µs", spent, theirs)
    event, theirs = (
        [taken * 1e6 for taken in load.get("chunks", ())] for load in (ours.load, other.load if other else {})
    )
    yield Figure("server: time an event, 50 streams", "µs", event, theirs, _x(1 / 8))
    for many in AT_ONCE:
        rate = [other.load[f"rate_{many}"]] if other else ()
        yield Figure(f"server: answers, {many} at once", "1/s", [ours.load[f"rate_{many}"]], rate)
    for when in ("idle", "loaded"):
        for kind, size in getattr(ours, when).items():
            theirs = [getattr(other, when)[kind]] if other else ()
            yield Figure(f"server: memory {when}, {kind}", "MB", [size], theirs, _x(1 / 3))


def _x(limit: float) -> Target:
    return Target(limit, "ratio")


Part = Callable[[Plan, Data], Iterator[Figure]]
PARTS: Mapping[str, Part] = {
    "start": starting,
    "open": opening,
    "stream": streaming,
    "keys": typing,
    "sidebar": sidebar,
    "network": network,
    "search": searching,
    "provider": providing,
    "server": gateways,
}


def summary(figures: list[Figure]) -> str:
    """Say in one line how the targets were met."""
    wanted = [figure for figure in figures if figure.target]
    missed = [figure for figure in wanted if figure.missed]
    spread = statistics.median(figure.p95 / figure.median for figure in figures if figure.median)
    return f"{len(wanted) - len(missed)} of {len(wanted)} targets met; p95 is {spread:.2f} × the median in the middle"
