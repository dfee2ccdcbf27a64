"""The bodies of Ollama's API, as far as they mean something here. What is further sent is ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from parley.server.received import Received


class _Read(Received):
    model_config = ConfigDict(protected_namespaces=())


KeepAlive = float | str | None
"""How long a model is to stay in memory: seconds, or such as `5m`. Only 0 means something here."""

Think = bool | Literal["low", "medium", "high", "max"] | None


class Function(_Read):
    """What is to be called."""

    name: Annotated[str, Field(min_length=1)]
    arguments: dict[str, Any] | str | None = None


class Call(_Read):
    """A call of a tool."""

    id: str = ""
    function: Function


class Entry(_Read):
    """One message of the conversation. Images are the bytes of their files in Base64."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[Call] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class Declared(_Read):
    """What a tool is called and takes."""

    name: Annotated[str, Field(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(_Read):
    """A tool that the client runs."""

    type: Literal["function"] | None = None
    function: Declared


class Options(_Read):
    """How the answer is to be made. Those that only Ollama itself could follow are not among these."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    num_predict: int | None = None
    stop: list[str] | str | None = None


class Asked(_Read):
    """What all questions have."""

    model: Annotated[str, Field(min_length=1)]
    stream: bool | None = None
    format: dict[str, Any] | Literal["", "json"] | None = None
    options: Options | None = None
    think: Think = None
    keep_alive: KeepAlive = None


class Chat(Asked):
    """A question with what was said before. Without messages the model is only looked up."""

    messages: list[Entry] | None = None
    tools: list[Tool] | None = None


class Generate(Asked):
    """A question alone. Without a prompt the model is only looked up."""

    prompt: str | None = None
    system: str | None = None
    images: list[str] | None = None
    suffix: str | None = None
    template: str | None = None
    raw: bool | None = None
    context: list[int] | None = None


class Embed(_Read):
    """Texts to be turned into vectors."""

    model: Annotated[str, Field(min_length=1)]
    input: str | list[str]
    truncate: bool | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None
    keep_alive: KeepAlive = None


class EmbedOne(_Read):
    """A text to be turned into a vector, as it was asked before `/api/embed`."""

    model: Annotated[str, Field(min_length=1)]
    prompt: str
    keep_alive: KeepAlive = None


class Named(_Read):
    """A model that is asked about. `name` is what the field was called before."""

    model: str = ""
    name: str = ""


class Ended(BaseModel):
    """What an answer ends with. Durations are in nanoseconds; how long a model was loaded is not known here."""

    model_config = ConfigDict(protected_namespaces=())

    model: str
    created_at: str
    done: bool
    done_reason: str
    total_duration: int = 0
    load_duration: int = 0
    prompt_eval_count: int = 0
    prompt_eval_duration: int = 0
    eval_count: int = 0
    eval_duration: int = 0


class ChatAnswer(Ended):
    """A whole answer."""

    message: dict[str, Any]


class GenerateAnswer(Ended):
    """A whole answer to a question alone."""

    response: str
    thinking: str = ""


class Vectors(BaseModel):
    """A vector for each text."""

    model_config = ConfigDict(protected_namespaces=())

    model: str
    embeddings: list[list[float]]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class Vector(BaseModel):
    """A vector."""

    embedding: list[float]


class Details(BaseModel):
    """What kind of model it is. What is not known is empty."""

    parent_model: str = ""
    format: str = ""
    family: str = ""
    families: list[str] = []
    parameter_size: str = ""
    quantization_level: str = ""


class Listed(BaseModel):
    """A model in the list. The digest is that of its name: nobody knows the files of all models."""

    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: Details
    capabilities: list[str]


class Models(BaseModel):
    """The models that the account may use."""

    models: list[Listed]


class Running(BaseModel):
    """A model in memory."""

    name: str
    model: str
    size: int
    digest: str
    details: Details
    expires_at: str
    size_vram: int
    context_length: int


class RunningModels(BaseModel):
    """The models in memory, of those servers that tell."""

    models: list[Running]


class Shown(BaseModel):
    """What is known of a model."""

    model_config = ConfigDict(protected_namespaces=())

    license: str
    modelfile: str
    parameters: str
    template: str
    system: str
    details: Details
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str


class Version(BaseModel):
    """As which version of Ollama this server answers."""

    version: str
