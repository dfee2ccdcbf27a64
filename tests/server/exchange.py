"""Exchanges: what is asked and what is answered, written down literally, and played against a real socket.

A file is a list of steps. One step is `{"name", "as", "settings", "says", "request", "response"}`, or, for a socket,
`{"name", "as", "says", "socket": path, "frames": […]}`. Its first entry may be `{"setup": {"provider", "models",
"assistants"}}`: the id of the one provider there is, the names of its models, and the assistants to be made.

- `as`: `owner` (when nothing is said), `admin`, `nobody`, or anybody else's name, who gets an account.
- `settings`: options that hold from this step on. `says`: the next answer of the model, in pieces: see `piece_of`;
  or a list of such answers.
- `request`: `method`, `path`, `headers`, and `json`, or `body` (a text, sent as JSON unless a header says otherwise),
  or `files` (field → `{name, text, type}`, sent as a form with the fields of `form`).
- `response`: `status`, `headers` (null: it is not there), and `json`, or `text`, or `lines` (JSON each), or `events`:
  an unnamed one is its JSON, a named one `{event, data, id}`, what is no JSON its text. Pings do not count.
- `frames`: `{"send"}`, `{"receive"}` or `{"close": code}`, in this order.

Expected values are meant exactly, but for `$string $int $number $bool $time $any`, texts between slashes, which are
patterns, `{"$save": name}`, which takes a value that `${name}` inserts from then on, and `"$more": true` in an object,
which lets it have further fields. `${token}` is the token of whoever asks.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from parley import errors
from parley.events import Finished, ReasoningDelta, Status, ToolCalled
from parley.messages import ToolCall, Usage
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Step
from tests.server.conftest import Person, Site

_SAVED = re.compile(r"\$\{(\w+)\}")


@dataclass
class Player:
    """Plays steps, one after the other, and remembers what they have saved."""

    site: Site
    provider: ScriptedProvider
    settings: Settings
    saved: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    async def play(self, steps: list[dict[str, Any]]) -> None:
        """Play all steps. Fails the test at the first that is answered otherwise."""
        for step in steps:
            if "setup" not in step:
                await self._play(step)
                continue
            for assistant in step["setup"].get("assistants", ()):
                await self.site.services.store.assistants.add(**assistant)

    async def _play(self, step: dict[str, Any]) -> None:
        name = step.get("as", "owner")
        person = None if name == "nobody" else await self._person(name)
        self.saved["token"] = person.token if person else ""
        if "settings" in step:
            given = step["settings"].items()
            self.settings.update(**{name: tuple(each) if isinstance(each, list) else each for name, each in given})
        if says := step.get("says"):
            for answer in says if isinstance(says[0], list) else [says]:
                self.provider.says(*map(piece_of, answer))
        if "socket" in step:
            await self._converse(step)
            return
        client = person.client if person else self.site.anyone
        answer = await client.request(**_asked(self._filled(step["request"])))
        self._compare(answer, step["response"], f"“{step['name']}”")

    async def _person(self, name: str) -> Person:
        if name not in self.people:
            match name:
                case "owner":
                    self.people[name] = self.site.owner
                case "admin":
                    self.people[name] = await self.site.admin()
                case _:
                    self.people[name] = await self.site.person(f"{name}@example.org")
        return self.people[name]

    async def _converse(self, step: dict[str, Any]) -> None:
        address = self.site.url.replace("http", "ws", 1) + self._filled(step["socket"])
        async with connect(address, open_timeout=30) as socket:
            for number, frame in enumerate(step["frames"], 1):
                where = f"“{step['name']}”, frame {number}"
                if "send" in frame:
                    sent = self._filled(frame["send"])
                    await socket.send(sent if isinstance(sent, str) else json.dumps(sent))
                elif "receive" in frame:
                    self._match(json.loads(await socket.recv()), frame["receive"], where)
                else:
                    with pytest.raises(ConnectionClosed) as closed:
                        await socket.recv()
                    assert closed.value.rcvd, where
                    assert closed.value.rcvd.code == frame["close"], where

    def _compare(self, answer: httpx.Response, expected: dict[str, Any], where: str) -> None:
        assert answer.status_code == expected["status"], f"{where}: {answer.status_code} {answer.text[:400]}"
        for name, value in expected.get("headers", {}).items():
            self._match(answer.headers.get(name), value, f"{where}: {name}")
        if "json" in expected:
            self._match(answer.json(), expected["json"], where)
        if "text" in expected:
            self._match(answer.text, expected["text"], where)
        if "lines" in expected:
            self._match([json.loads(line) for line in answer.text.splitlines()], expected["lines"], where)
        if "events" in expected:
            self._match(events_of(answer.text), expected["events"], where)

    def _match(self, found: Any, expected: Any, where: str) -> None:
        """Fail the test unless a value is what is expected."""
        match expected:
            case {"$save": name}:
                assert isinstance(found, str | int), f"{where}: {found!r} cannot be saved"
                self.saved[name] = str(found)
            case dict():
                assert isinstance(found, dict), f"{where}: {found!r} is no object"
                fields = {key: value for key, value in expected.items() if key != "$more"}
                missing, further = fields.keys() - found.keys(), found.keys() - fields.keys()
                assert not missing, f"{where}: {sorted(missing)} missing in {found}"
                assert not further or "$more" in expected, f"{where}: {sorted(further)} not expected in {found}"
                for key, value in fields.items():
                    self._match(found[key], value, f"{where}.{key}")
            case list():
                assert isinstance(found, list), f"{where}: {found!r} is no list"
                assert len(found) == len(expected), f"{where}: {len(found)} instead of {len(expected)}: {found}"
                for number, (one, other) in enumerate(zip(found, expected, strict=True)):
                    self._match(one, other, f"{where}[{number}]")
            case _:
                wanted = self._filled(expected)
                assert fits(found, wanted), f"{where}: {found!r} instead of {wanted!r}"

    def _filled(self, value: Any) -> Any:
        """Return a value with what has been saved in the place of its `${name}`."""
        match value:
            case str():
                return _SAVED.sub(lambda found: self.saved[found[1]], value)
            case list():
                return [self._filled(each) for each in value]
            case dict():
                return {key: self._filled(each) for key, each in value.items()}
        return value


def fits(found: Any, expected: Any) -> bool:
    """Return whether a value that holds no others is what is expected. True is not 1, and 1 is 1.0."""
    match expected:
        case "$any":
            return True
        case "$string":
            return isinstance(found, str) and found != ""
        case "$int":
            return isinstance(found, int) and not isinstance(found, bool)
        case "$number":
            return isinstance(found, int | float) and not isinstance(found, bool)
        case "$bool":
            return isinstance(found, bool)
        case "$time":
            return isinstance(found, str) and _is_time(found)
        case str() if len(expected) > 1 and expected[0] == expected[-1] == "/":
            return isinstance(found, str) and re.fullmatch(expected[1:-1], found, re.DOTALL) is not None
    return isinstance(found, bool) == isinstance(expected, bool) and bool(found == expected)


def piece_of(written: Any) -> Step:
    """Return a piece of a model's answer: a text, or one of the objects below."""
    if isinstance(written, str):
        return written
    fields: dict[str, Any] = dict(written)
    if "raises" in fields:
        error: BaseException = getattr(errors, fields.pop("raises"))(**fields)
        return error
    if "reasoning" in fields:
        return ReasoningDelta(fields["reasoning"], fields.get("signature", ""))
    if "status" in fields:
        return Status(fields["status"], fields["text"])
    if "tool" in fields:
        return ToolCalled(ToolCall(fields["id"], fields["tool"], json.dumps(fields["arguments"])))
    reason = fields.pop("finishes")
    return Finished(Usage(**fields) if fields else None, reason)


def events_of(text: str) -> list[Any]:
    """Return the server-sent events of a whole stream, as `events` writes them."""
    found: list[Any] = []
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, _, value = line.partition(":")
            if name:
                fields[name] = (fields[name] + "\n" if name in fields else "") + value.removeprefix(" ")
        if "data" not in fields:
            continue
        try:
            data = json.loads(fields["data"])
        except ValueError:
            data = fields["data"]
        if "event" in fields:
            named = {"event": fields["event"], "data": data}
            found.append(named | ({"id": fields["id"]} if "id" in fields else {}))
        else:
            found.append(data)
    return found


def _asked(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request as httpx takes it."""
    asked: dict[str, Any] = {"method": request["method"], "url": request["path"]}
    headers = dict(request.get("headers", {}))
    if "json" in request:
        asked["json"] = request["json"]
    elif "body" in request:
        asked["content"] = request["body"].encode()
        headers = {"Content-Type": "application/json", **headers}
    elif "files" in request:
        asked["files"] = {
            name: (each["name"], each["text"].encode(), each.get("type", "application/octet-stream"))
            for name, each in request["files"].items()
        }
        asked["data"] = request.get("form", {})
    return {**asked, "headers": headers}


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
