"""`parley show`: one conversation as Markdown, JSON or HTML."""

import html
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.messages import Message, MessageStatus, Role, part_to_json
from parley.models import parameters_to_json
from parley.trees import ConversationTree

if TYPE_CHECKING:
    from parley.render import Block

_ENDINGS = {
    MessageStatus.STREAMING: "still answering",
    MessageStatus.INTERRUPTED: "interrupted",
    MessageStatus.STOPPED: "stopped",
    MessageStatus.FAILED: "failed",
}

_PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>body {{ max-width: 50em; margin: 2em auto; padding: 0 1em; font-family: sans-serif; line-height: 1.5 }}
img {{ max-width: 100% }}
pre {{ overflow-x: auto; background: #8881; padding: 1em }} table {{ border-collapse: collapse }}
td, th {{ border: 1px solid #8886; padding: .2em .6em }}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>"""


def show(arguments: Namespace, shell: Shell) -> int:
    """Print a conversation."""
    with shell.store() as store:
        tree = store.conversations.tree(store.conversations.find(arguments.id).id)
    match arguments.format:
        case "json":
            streams.say_json(_as_json(tree))
        case "html":
            streams.say(_as_html(tree))
        case _:
            streams.say(_as_markdown(tree))
    return 0


def _as_json(tree: ConversationTree) -> dict[str, object]:
    conversation = tree.conversation
    return {
        "id": conversation.id,
        "title": conversation.title,
        "model": conversation.model,
        "instruction": conversation.instruction,
        **({"parameters": parameters_to_json(conversation.parameters)} if conversation.parameters.given else {}),
        "created_at": tables.iso(conversation.created_at),
        "updated_at": tables.iso(conversation.updated_at),
        "channel": conversation.channel,
        "pinned": conversation.pinned,
        "leaf_id": conversation.leaf_id,
        "messages": [_message_as_json(message) for message in tree.messages],
    }


def _message_as_json(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role,
        "status": message.status,
        "model": message.model,
        "created_at": tables.iso(message.created_at),
        "parts": [part_to_json(part) for part in message.parts],
        "usage": asdict(message.usage) if message.usage else None,
        "failure": asdict(message.failure) if message.failure else None,
    }


def _as_markdown(tree: ConversationTree) -> str:
    pieces = [f"# {tables.one_line(tree.conversation.title)}"]
    for message in tree.branch():
        pieces.append(f"## {_speaker(message)}")
        pieces += [markdown] if (markdown := message.markdown.strip("\n")).strip() else []
        pieces += [f"*({ending})*" for ending in _ending(message)]
    return "\n\n".join(pieces)


def _as_html(tree: ConversationTree) -> str:
    from parley.render import parse

    pieces: list[str] = []
    for message in tree.branch():
        pieces += [f"<h2>{html.escape(_speaker(message))}</h2>"]
        pieces += [f'<p><img src="{html.escape(image.url)}" alt=""></p>' for image in message.images]
        pieces += map(_block, parse(message.text))
        pieces += [f"<p><em>({html.escape(ending)})</em></p>" for ending in _ending(message)]
    return _PAGE.format(title=html.escape(tables.one_line(tree.conversation.title)), body="\n".join(pieces))


def _block(block: "Block") -> str:
    match block.kind:
        case "code":
            body = f"<pre><code>{html.escape(block.code)}</code></pre>"
        case "rule":
            body = "<hr>"
        case _:
            body = block.html
    if block.indent:
        body = f'<div style="margin-left: {2 * block.indent}em">{body}</div>'
    return "<blockquote>" * block.quote + body + "</blockquote>" * block.quote


def _speaker(message: Message) -> str:
    return "You" if message.role is Role.USER else message.model or "Assistant"


def _ending(message: Message) -> Iterator[str]:
    """Yield how the message ended, unless it is complete."""
    if message.status is not MessageStatus.COMPLETE:
        reason = f": {message.failure.sentence}" if message.failure else ""
        yield f"{_ENDINGS[message.status]}{reason}"
