"""Catalog: the providers of this computer and their models, found again whenever settings, keys or servers change.

It holds what was found last; servers are asked only when somebody asks for models or for a name.
"""

import asyncio
import difflib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from parley.errors import (
    ChatError,
    InternalError,
    KeyMissing,
    ModelAmbiguous,
    ModelUnknown,
    ProviderTimeout,
    ProviderUnknown,
)
from parley.http import is_loopback
from parley.keys import Keys
from parley.models import Model, Purpose
from parley.options import Options
from parley.providers import anthropic, azure, gemini, ollama, openai
from parley.providers import guide as manual
from parley.providers.base import Provider
from parley.providers.endpoints import Endpoint, ProviderDialect
from parley.providers.roster import KEYS, Kind, Roster, address
from parley.providers.shelf import Shelf
from parley.providers.trials import Trial, try_out
from parley.settings import Settings

logger = logging.getLogger(__name__)

BUILT_IN = (ollama.DIALECT, openai.DIALECT, azure.DIALECT, anthropic.DIALECT, gemini.DIALECT)

LIST_SECONDS = 4.0
"""How long a provider may take for its list of models."""

PROBE_SECONDS = 0.5
"""How long a server on this computer may take to accept a connection."""

OLD_SECONDS = 600.0
"""A list older than this is asked for again by whoever wants to see it."""

LONGEST_NAME = 400
"""No model has a longer one."""

FRESH_SECONDS = 10.0
"""What is not in a list older than this is looked for in a new one: it may have been added since."""


@dataclass(frozen=True, slots=True)
class Place:
    """A server that there is a row for. `usable`: set up, or found when models were last listed."""

    endpoint: Endpoint
    kind: Kind
    usable: bool


class Catalog:
    """All providers, in the order in which people see them: added ones, those of this computer, services, the Guide.

    `problems` says which providers could not give their list, and why. `local` are the servers to look for on
    this computer; one of the same id or address that a person has set up takes precedence. A service that cannot
    be asked keeps the list that it gave last, which is on the `shelf` since then.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        guide: Provider,
        *,
        dialects: Sequence[ProviderDialect] = BUILT_IN,
        local: Sequence[Endpoint] | None = None,
        environ: Mapping[str, str] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._settings = settings
        self._guide = guide
        self._roster = Roster(
            keys,
            dialects,
            local=local,
            environ=environ,
            reserved=[guide.id],
            keep_alive=lambda: settings.options.keep_alive,
        )
        self._shelf = shelf or Shelf()
        self._found: frozenset[str] = frozenset()
        self._lists: dict[str, list[Model]] = {guide.id: [manual.GUIDE_MODEL]}
        self._failures: dict[str, ChatError] = {}
        self._listed_at: float | None = None
        self._listing: asyncio.Task[None] | None = None
        self._default = ""
        self._adopted: tuple[object, ...] | None = None
        self._adopt(settings.options)
        self._unsubscribe: Callable[[], None] = settings.subscribe(self._adopt)

    @property
    def guide(self) -> str:
        """Return the id of the provider that only knows the manual."""
        return self._guide.id

    @property
    def problems(self) -> dict[str, ChatError]:
        """Return what is wrong, by the provider's id; under `keys`, with the file of keys."""
        return self._failures | self._roster.problems

    def providers(self) -> list[Provider]:
        """Return the providers that can be used: set up, or found when models were last listed."""
        return [*map(self._roster.provider, self._usable()), self._guide]

    def get(self, provider_id: str) -> Provider:
        """Return the provider of that id, also a known one that has not been found. Raises ProviderUnknown."""
        if provider_id == self._guide.id:
            return self._guide
        for endpoint in self._roster.all():
            if endpoint.id == provider_id:
                return self._roster.provider(endpoint)
        known = [*(endpoint.id for endpoint in self._roster.all()), self._guide.id]
        raise ProviderUnknown(provider=provider_id, detail=_did_you_mean(difflib.get_close_matches(provider_id, known)))

    def demand_key(self, provider: Provider) -> None:
        """Raise KeyMissing for a service that nobody has set up: what is said is not sent where it is refused."""
        place = next((place for place in self._roster.all() if place.id == provider.id), None)
        if place and self._roster.kind(place) == "service" and not self._roster.is_set_up(place):
            raise self._roster.problems.get(KEYS) or KeyMissing(provider=provider.name)

    def runs_here(self, model_id: str) -> bool:
        """Return whether a model, named `provider/model`, runs on this computer: then it costs nothing."""
        try:
            return self.get(model_id.partition("/")[0]).local
        except ProviderUnknown:
            return False

    async def models(self, refresh: bool = False) -> list[Model]:
        """Return all models for chatting.

        The first call, one after a long while, and any with `refresh` asks all providers at once.
        While they are being asked every call waits for what they say: the list of before may be empty.
        """
        asking = self._listing is not None and not self._listing.done()
        if refresh or asking or self._older_than(OLD_SECONDS):
            if self._listing is None or not asking:
                self._listing = asyncio.get_running_loop().create_task(self._list())
            await asyncio.shield(self._listing)
        return self.cached_models()

    def cached_models(self, purpose: Purpose = "chat") -> list[Model]:
        """Return the models as they were last listed; of those to chat with there is at least the Guide."""
        ids = [*(endpoint.id for endpoint in self._usable()), self._guide.id]
        listed = (model for provider_id in ids for model in self._lists.get(provider_id, ()))
        return [model for model in listed if model.purpose == purpose]

    def places(self) -> list[Place]:
        """Return every server that there is a row for, the usable ones and the others."""
        usable = self._usable()
        return [Place(place, self._roster.kind(place), place in usable) for place in self._roster.all()]

    async def try_out(self, endpoint: Endpoint, key: str = "", *, ask: bool = False) -> Trial:
        """Return how a server does that need not be kept, with this key if one is given. Raises ChatError.

        `ask`: one of its models is asked for a word, the default model if it is there. Nothing that is known here
        changes.
        """
        chosen, _, model = self._settings.options.default_model.strip().partition("/")
        provider, access = self._roster.on_trial(endpoint, key)
        try:
            return await try_out(endpoint, provider, access, model=model if chosen == endpoint.id else "", ask=ask)
        finally:
            await provider.close()

    def known(self, provider_id: str, name: str) -> Model | None:
        """Return what the last list said of a model, or None."""
        return next((model for model in self._lists.get(provider_id, ()) if model.name == name), None)

    def parameters_of(self, model: str) -> tuple[frozenset[str], bool]:
        """Return which parameters `provider/model` takes, and whether that is known of the model itself.

        Where it is not, they are those of the provider's wire format; of an unknown provider there are none.
        """
        provider_id, _, name = model.partition("/")
        about = self.known(provider_id, name)
        if about is not None and about.parameters is not None:
            return about.parameters, True
        return self._roster.takes(provider_id), False

    def retired(self, provider_id: str, name: str) -> bool:
        """Return whether a provider offered a model once and does not any more."""
        return any(self._shelf.gone(place, name) for place in self._roster.all() if place.id == provider_id)

    async def resolve(self, name: str) -> tuple[Provider, str]:
        """Return the provider and the model that `provider/model` names, or a bare name that only one provider has.

        Whether a named provider has the model is not asked. Raises ModelUnknown, ModelAmbiguous and ProviderUnknown.
        """
        name = name.strip()
        if len(name) > LONGEST_NAME:
            raise ModelUnknown(model=f"{name[:LONGEST_NAME]}…")
        head, slash, tail = name.partition("/")
        named = slash and tail
        if named and head in (self._guide.id, *(endpoint.id for endpoint in self._roster.all())):
            return self.get(head), tail
        choices = self._of_name(await self.models(), name)
        if not choices and self.stale:
            choices = self._of_name(await self.models(refresh=True), name)
        if len(choices) == 1:
            return self.get(choices[0].provider), choices[0].name
        if choices:
            raise ModelAmbiguous(model=name, choices=", ".join(model.id for model in choices))
        if named:
            self.get(head)  # raises ProviderUnknown
        raise ModelUnknown(model=name, detail=_did_you_mean(_close_to(name, self.cached_models())))

    async def offered(self, name: str) -> tuple[Provider, str]:
        """Return what `resolve` does, after a look at what the models on this computer are; others know more names.

        Raises ModelUnknown, ModelAmbiguous and ProviderUnknown.
        """
        provider, model = await self.resolve(name)
        if provider.local and not self._has(provider.id, model):
            await self.models(refresh=self.stale)
            listed = self._lists.get(provider.id)
            if listed and not self._has(provider.id, model):
                raise ModelUnknown(model=f"{provider.id}/{model}", detail=_did_you_mean(_close_to(model, listed)))
        return provider, model

    def _of_name(self, models: Sequence[Model], name: str) -> list[Model]:
        return _of_name(models, name) or _of_name(self.cached_models("embedding"), name)

    def _has(self, provider_id: str, name: str) -> bool:
        return any(model.name in (name, f"{name}:latest") for model in self._lists.get(provider_id, ()))

    async def default_model(self) -> str:
        """Return the model for new conversations: the chosen one, else the first one found, else the Guide's.

        What has been found first stays the default for as long as it is there.
        """
        if chosen := self._settings.options.default_model.strip():
            return chosen
        models = await self.models()
        if models[0].provider == self._guide.id and self.stale:
            models = await self.models(refresh=True)
        if self._default not in (model.id for model in models if model.provider != self._guide.id):
            self._default = models[0].id
        return self._default

    async def close(self) -> None:
        """Stop listing, and close all connections."""
        self._unsubscribe()
        self._unsubscribe = _nothing
        if self._listing and not self._listing.done():
            self._listing.cancel()
            await asyncio.wait([self._listing])
        await self._roster.close()

    @property
    def stale(self) -> bool:
        """Return whether the servers have not been asked for a while."""
        return self._older_than(FRESH_SECONDS)

    def _older_than(self, seconds: float) -> bool:
        return self._listed_at is None or time.monotonic() - self._listed_at > seconds

    def _adopt(self, options: Options) -> None:
        followed = options.providers, options.discover, options.proxy, options.ca_file
        if self._adopted != followed:
            self._adopted = followed
            self._roster.adopt(options)
            self._listed_at = None
            self._lists |= self._shelf.lists(self._elsewhere())

    def _elsewhere(self) -> list[Endpoint]:
        """Return the endpoints of other computers: what those offer is known while they cannot be reached."""
        return [place for place in self._roster.all() if not is_loopback(place.base_url)]

    def _usable(self) -> list[Endpoint]:
        """Return the endpoints that are set up or were found, in their order."""
        looked_for = {endpoint.id for endpoint in self._roster.to_look_for()}
        usable = {endpoint.id for endpoint in self._roster.set_up()} | (self._found & looked_for)
        return [endpoint for endpoint in self._roster.all() if endpoint.id in usable]

    async def _list(self) -> None:
        """Ask all providers at once; what one of them does never spoils the others."""
        self._listed_at = time.monotonic()
        set_up, looked_for = self._roster.set_up(), self._roster.to_look_for()
        results = await asyncio.gather(
            *map(self._models_of, set_up), *map(self._probe, looked_for), return_exceptions=True
        )
        told: dict[Endpoint, list[Model]] = {}
        failures: dict[str, ChatError] = {}
        for endpoint, result in zip((*set_up, *looked_for), results, strict=True):
            match result:
                case list():
                    told[endpoint] = result
                case ChatError():
                    failures[endpoint.id] = result
                case BaseException():
                    logger.error("catalog: %s could not be asked", endpoint.id, exc_info=result)
                    failures[endpoint.id] = InternalError(detail=self._roster.redact(repr(result)))
        sought = {endpoint.id for endpoint in looked_for}
        lists = {endpoint.id: models for endpoint, models in told.items()}
        await asyncio.to_thread(self._shelf.put, told)
        kept = self._shelf.lists(self._elsewhere())
        self._found = frozenset(sought & lists.keys())
        self._lists = {self._guide.id: await self._guide.models(), **kept, **lists}
        self._failures = {name: error for name, error in failures.items() if name not in sought}

    async def _models_of(self, endpoint: Endpoint) -> list[Model]:
        provider = self._roster.provider(endpoint)
        try:
            async with asyncio.timeout(LIST_SECONDS):
                return await provider.models()
        except TimeoutError as error:
            raise ProviderTimeout(provider=provider.name, seconds=LIST_SECONDS) from error

    async def _probe(self, endpoint: Endpoint) -> list[Model] | None:
        """Return the models of a server on this computer, or None if nothing listens there."""
        host, port = address(endpoint.base_url)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return None
        writer.close()
        return await self._models_of(endpoint)


def _nothing() -> None:
    pass


def _of_name(models: Sequence[Model], name: str) -> list[Model]:
    """Return the models that a bare name means: exactly, with Ollama's silent “:latest”, or in other case."""
    wanted = name.casefold()
    for names in ({name}, {f"{name}:latest"}):
        if found := [model for model in models if model.name in names]:
            return found
    return [model for model in models if model.name.casefold() == wanted or model.provider == wanted == "guide"]


def _close_to(name: str, models: Sequence[Model]) -> list[str]:
    """Return the ids of models whose names look like this one."""
    ids = {word.casefold(): model.id for model in models for word in (model.id, model.name, model.name.split(":")[0])}
    found = difflib.get_close_matches(name.casefold(), ids, n=5)
    return list(dict.fromkeys(ids[word] for word in found))


def _did_you_mean(names: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(names)}?" if names else ""
