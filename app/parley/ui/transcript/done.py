"""What tools have done for an answer, in a line below it."""

from parley.messages import Message, ToolCall, ToolResult
from parley.ui.transcript.words import Words

SAVE_FILE = "save_file"


def done(message: Message, words: Words) -> str:
    """Return what tools have done, or an empty text."""
    if len(message.parts) < 2:
        return ""
    names = {part.id: part.name for part in message.parts if isinstance(part, ToolCall)}
    results = (part for part in message.parts if isinstance(part, ToolResult))
    return " · ".join(_line(names.get(result.call_id, ""), result, words) for result in results)


def saved_files(message: Message) -> bool:
    """Say whether files were made for an answer."""
    if len(message.parts) < 2:
        return False
    calls = {part.id for part in message.parts if isinstance(part, ToolCall) and part.name == SAVE_FILE}
    results = (part for part in message.parts if isinstance(part, ToolResult))
    return any(result.call_id in calls and not result.failed for result in results)


def _line(tool: str, result: ToolResult, words: Words) -> str:
    if result.failed:
        return words.did_not_work(tool)
    return words.saved(result.title) if tool == SAVE_FILE else words.used(tool)
