"""Google's models: what their list says of them, and what only their names tell.

The list is silent about much that a request depends on, and names are open-ended: what is not known is taken for
one of the newest.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parley.models import Effort, Model
from parley.providers.endpoints import number, object_of

PREFIX = "models/"
NEWEST = (99, 0)
HOTTEST = 2.0
"""The highest temperature of all models that do not say another one."""

_EFFORTS = ("none", "minimal", "low", "medium", "high")
_BUDGETS: Mapping[str, int] = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""As many tokens as Google's own OpenAI-compatible endpoint makes of these words."""
_LEAST_OF_PRO = 128
"""Gemini 2.5 Pro cannot be kept from thinking."""

_NO_CHAT = (
    r"(^|[/_.-])(tts|imagen|veo|lyria|live|native-audio|embedding|embeddings|omni|computer-use"
    r"|deep-research|antigravity|transcribe|translate|aqa)([/_.-]|$)"
)
_DRAWS = r"(^|[/_.-])(image|nano-banana)([/_.-]|$)"
"""Models that answer with pictures too: https://ai.google.dev/gemini-api/docs/image-generation."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a model's name tells: what its requests may hold, and how they must hold it.

    `levels` are the words for thinking that it takes; without any it takes a number of tokens. `signs`: it wants its
    signatures back. `sampling`: it takes temperature and top-p. `draws`: it makes pictures, and calls no tools.
    """

    family: str
    thinks: bool
    levels: tuple[str, ...]
    pro: bool
    sampling: bool
    instruction: bool
    tools: bool | None
    json: bool
    json_with_tools: bool
    vision: bool | None
    signs: bool
    draws: bool


def traits_of(name: str) -> Traits:
    """Return what a name tells."""
    name = name.lower()
    family = next((word for word in ("gemini", "gemma") if word in name), "")
    found = re.search(r"-(\d{1,2})(?:\.(\d+))?n?(?=-|$)", name)
    version = (int(found[1]), int(found[2] or 0)) if found and family else NEWEST
    gemini, open_model = family == "gemini", family == "gemma"
    small_open_model = open_model and version < (4, 0)
    lite, pro = "lite" in name, "-pro" in name
    draws = re.search(_DRAWS, name) is not None
    return Traits(
        family,
        thinks=(gemini and version >= ((3, 0) if draws else (2, 5))) or (open_model and not small_open_model),
        levels=_levels(family, version, lite=lite, pro=pro),
        pro=pro,
        # Gemini takes no notice of them from 3.6 on, and says that it will refuse them one day.
        sampling=not gemini or (version < (3, 6) and not (lite and version >= (3, 5))),
        instruction=not open_model,
        tools=False if draws else (not small_open_model if family else None),
        json=not small_open_model and not draws,
        json_with_tools=version >= (3, 0),
        vision=_sees(name) if small_open_model else (True if family or draws else None),
        signs=gemini and version >= (3, 0),
        draws=draws,
    )


def model_of(provider: str, entry: Mapping[str, Any]) -> Model | None:
    """Return the model of an entry of the list, or None if it is for films, speech or the like."""
    name = str(entry["name"]).removeprefix(PREFIX)
    methods = entry.get("supportedGenerationMethods")
    methods = methods if isinstance(methods, list) else []
    label = label if isinstance(label := entry.get("displayName"), str) else ""
    context, most = number(entry.get("inputTokenLimit")), number(entry.get("outputTokenLimit"))
    if "generateContent" not in methods:
        embeds = "embedContent" in methods
        return Model(provider, name, label, context, purpose="embedding") if embeds else None
    if re.search(_NO_CHAT, name, re.IGNORECASE):
        return None
    traits, reasoning = traits_of(name), entry.get("thinking") is True
    return Model(
        provider,
        name,
        label,
        context,
        vision=traits.vision,
        tools=traits.tools,
        reasoning=reasoning,
        audio=True if traits.family == "gemini" else None,
        max_output=most,
        parameters=parameters_of(traits, reasoning=reasoning),
        draws=True if traits.draws else None,
    )


def hottest_of(entry: Mapping[str, Any]) -> float:
    """Return the highest temperature that a model takes."""
    limit = entry.get("maxTemperature")
    return float(limit) if isinstance(limit, int | float) and limit > 0 else HOTTEST


def parameters_of(traits: Traits, *, reasoning: bool) -> frozenset[str]:
    """Return the names of the parameters that a model takes."""
    names = {"max_tokens", "seed", "stop"}
    names |= {"temperature", "top_p"} if traits.sampling else set()
    names |= {"json", "schema"} if traits.json else set()
    return frozenset(names | ({"effort"} if reasoning else set()))


def thinking(traits: Traits, effort: Effort) -> dict[str, Any]:
    """Return how a model that thinks is to think: no less than was asked for, and as little as it can for none."""
    if traits.levels:
        level: dict[str, Any] = {"thinkingLevel": _nearest(traits.levels, effort).upper()} if effort else {}
        return level if traits.family == "gemma" else {"includeThoughts": True, **level}
    if not effort:
        return {"includeThoughts": True}
    budget = max(_BUDGETS[effort], _LEAST_OF_PRO if traits.pro else 0)
    return {"includeThoughts": True, "thinkingBudget": budget} if budget else {"thinkingBudget": 0}


def in_order(models: Iterable[Model], preferred: tuple[str, ...]) -> list[Model]:
    """Return the models that people want first, then the newest; then those that draw, and those that only embed."""
    ranks = {name: rank for rank, name in enumerate(preferred)}

    def place(model: Model) -> tuple[Any, ...]:
        numbers = [-float(found) for found in re.findall(r"-(\d{1,2}(?:\.\d+)?)(?=-|$)", model.name)[:1]]
        rank = ranks.get(model.name, len(ranks))
        return (
            model.purpose == "embedding",
            model.draws is True,
            rank,
            "gemini" not in model.name,
            numbers or [1.0],
            model.name,
        )

    return sorted(models, key=place)


def entries_of(page: Any) -> list[Mapping[str, Any]]:
    """Return the entries of a page of the list that have a name."""
    listed = object_of(page).get("models")
    entries = map(object_of, listed) if isinstance(listed, list) else ()
    return [entry for entry in entries if isinstance(entry.get("name"), str)]


def _levels(family: str, version: tuple[int, int], *, lite: bool, pro: bool) -> tuple[str, ...]:
    if family == "gemma":
        return "minimal", "high"
    if family != "gemini" or version < (3, 0):
        return ()
    if pro:
        return ("low", "high") if version == (3, 0) else ("low", "medium", "high")
    if lite or version < (3, 7):
        return "minimal", "low", "medium", "high"
    return "low", "medium", "high"


def _nearest(levels: tuple[str, ...], effort: str) -> str:
    """Return the lowest of the levels that is not below what was asked for."""
    wanted = _EFFORTS.index(effort)
    return next((level for level in levels if _EFFORTS.index(level) >= wanted), levels[-1])


def _sees(name: str) -> bool:
    """Return whether a Gemma 3 takes pictures: the smallest one does not, nor do those for telephones, as served."""
    return "-1b" not in name and "gemma-3n" not in name
