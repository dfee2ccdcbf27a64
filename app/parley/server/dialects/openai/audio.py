"""Speech to text: https://developers.openai.com/api/docs/api-reference/audio/createTranscription."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel

from parley.errors import ModelUnknown
from parley.server.application import Asking
from parley.server.backend import Backend

TRANSCRIPTIONS = "/v1/audio/transcriptions"


class Transcription(BaseModel):
    """What was said."""

    text: str


def routes(backend: Backend) -> APIRouter:
    """Return the route of transcriptions."""
    router = APIRouter()

    @router.post(TRANSCRIPTIONS)
    async def transcriptions(
        caller: Asking, file: Annotated[UploadFile, File()], model: Annotated[str, Form()]
    ) -> Transcription:
        """Write down what is said in a recording. There is no recogniser yet: each one that is named is unknown."""
        raise ModelUnknown(model=model)

    return router
