"""`parley search`."""

import sys
from argparse import Namespace

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.store import Hit

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def search(arguments: Namespace, shell: Shell) -> int:
    """List what is found, newest first."""
    with shell.store() as store:
        hits = shell.run(store.search(" ".join(arguments.words), limit=arguments.limit))
    if arguments.json:
        streams.say_json([_as_json(hit) for hit in hits])
    elif hits:
        for hit in hits:
            _say(hit)
    else:
        streams.note("Nothing is found.")
    return 0


def _as_json(hit: Hit) -> dict[str, object]:
    return {
        "conversation_id": hit.conversation_id,
        "message_id": hit.message_id,
        "title": hit.title,
        "snippet": hit.snippet,
        "marks": [list(mark) for mark in hit.marks],
        "role": hit.role,
        "created_at": tables.iso(hit.created_at),
    }


def _say(hit: Hit) -> None:
    facts = [tables.short_id(hit.conversation_id), tables.when(hit.created_at), tables.one_line(hit.title)]
    streams.say(tables.fitted(tables.GAP.join(facts)))
    if hit.message_id is not None:
        streams.say_raw(f"    {_marked(hit)}\n")


def _marked(hit: Hit) -> str:
    """Return the snippet on one line, on a terminal with the found words in bold."""
    if not streams.is_terminal(sys.stdout):
        return tables.one_line(hit.snippet)
    pieces, start = [], 0
    for first, last in hit.marks:
        pieces += [_flat(hit.snippet[start:first]), _BOLD, _flat(hit.snippet[first:last]), _PLAIN]
        start = last
    return "".join([*pieces, _flat(hit.snippet[start:])])


def _flat(text: str) -> str:
    return streams.printable(text).replace("\n", " ")
