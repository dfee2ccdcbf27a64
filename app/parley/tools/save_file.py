"""The tool `save_file`: a model writes a file that the person can fetch."""

from collections.abc import Mapping
from typing import Any

from parley.attachments import Attachments, once
from parley.models import ToolSpec
from parley.tools.base import Outcome, Place

SAVE_FILE = "save_file"
MOST_LETTERS = 5_000_000

_SPEC = ToolSpec(
    SAVE_FILE,
    "Save a text file that the person can download, such as a document, a table or a program.",
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "The name of the file with its ending, such as report.md"},
            "content": {"type": "string", "description": "Everything that the file is to hold"},
        },
        "required": ["name", "content"],
        "additionalProperties": False,
    },
)


class SaveFile:
    """Keeps a file for the account that asks, with the conversation in which it was made."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments

    @property
    def spec(self) -> ToolSpec:
        return _SPEC

    @property
    def label(self) -> str:
        return "Saving a file"

    async def run(self, arguments: Mapping[str, Any], place: Place) -> Outcome:
        """Save it. Raises FilesFull and StoreError."""
        name, content = arguments.get("name"), arguments.get("content")
        if not isinstance(name, str) or not isinstance(content, str):
            return Outcome("It needs “name” and “content”, both texts.", failed=True)
        if len(content) > MOST_LETTERS:
            return Outcome(f"The content has more than {MOST_LETTERS} letters.", failed=True)
        file = await self._attachments.keep(
            name,
            once(content.encode("utf-8", "replace")),
            account=place.account,
            origin="produced",
            conversation_id=place.conversation_id,
            message_id=place.message_id,
        )
        words = f"Saved as “{file.name}”, {file.size} bytes. The person can fetch it."
        return Outcome(words, title=file.name, files=(file.id,))
