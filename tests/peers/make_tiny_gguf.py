"""Writes a tiny model whose words are known beforehand, for a real engine: nothing is downloaded or trained.

    .venv-peers/bin/python -m tests.peers.make_tiny_gguf OUT.gguf

It is a llama-architecture transformer of one layer, made by hand. Every token's embedding is one-hot. Attention has
Wq = 0, so it averages the context evenly, and only carries the share of each keyword into a spare dimension of its own.
A SwiGLU unit per keyword is an AND of "the current token is <|assistant|>" and "the keyword is in the context", and
chooses which reply starts. The output matrix is a bigram table that walks the chosen reply to </s>. Tokenizer, KV
cache, sampling, grammar, chat template and streaming are the engine's own; only the words are fixed (see replies.py).
"""

import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tests.peers import replies

Matrix = Any  # a numpy array; numpy is installed beside this script only

UNKNOWN, BEGIN, END_OF_TEXT = range(3)  # ids of the first three tokens
USER, ASSISTANT, SYSTEM, TOOL, END = (f"<|{name}|>" for name in ("user", "assistant", "system", "tool", "end"))
SPACE = "\u2581"  # how SentencePiece writes a space

HEADS = 4
FEED_FORWARD = 64
CONTEXT_LENGTH = 131072
BIGRAM_WEIGHT = 2.0  # the next token of a reply
KEYWORD_WEIGHT = 8.0  # a keyword's reply wins against the default one
SEEN_SHARE = 0.05  # how strongly attention marks a keyword as seen

# The keywords and their replies; None is the reply without any. A tuple is walked round without end.
REPLIES: dict[str | None, str | tuple[str, ...]] = {
    None: replies.DEFAULT,
    replies.MARKDOWN_KEYWORD: replies.MARKDOWN,
    replies.THINK_KEYWORD: replies.THINK,
    replies.LONG_KEYWORD: replies.LONG_WORDS,
    replies.CALL_KEYWORD: "<tool_call>\n"
    + json.dumps({"name": replies.CALL_NAME, "arguments": replies.CALL_ARGUMENTS})
    + "\n</tool_call>",
    TOOL: replies.AFTER_TOOL,
}
KEYWORDS = [keyword for keyword in REPLIES if keyword is not None]

# Weak preferences for when a grammar bars the reply (json_schema): closers first, so the shortest valid JSON comes out.
PREFERENCES = {
    "}": 0.050,
    "]": 0.048,
    '"': 0.052,
    ":": 0.040,
    "{": 0.030,
    "[": 0.028,
    "0": 0.020,
    "t": 0.018,
    ",": 0.010,
}

# Takes the "/" out of all messages but the last, so that an old keyword does not count again.
CHAT_TEMPLATE = (
    "{% if tools %}<|system|># Tools\n<tools>{% for t in tools %}\n{{ t | tojson }}{% endfor %}\n</tools>\n"
    "For each function call return <tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|end|>{% endif %}'
    "{% for m in messages %}"
    "{% if m.role == 'assistant' and m.tool_calls %}<|assistant|>{% if m.content %}{{ m.content }}{% endif %}"
    "{% for c in m.tool_calls %}{% if c.function %}{% set f = c.function %}{% else %}{% set f = c %}{% endif %}"
    '<tool_call>\n{"name": "{{ f.name }}", "arguments": {{ f.arguments | tojson }}}\n</tool_call>{% endfor %}<|end|>'
    "{% elif m.role == 'tool' %}{% if loop.last %}<|tool|>{% else %}<|user|>{% endif %}"
    "<tool_response>\n{{ m.content }}\n</tool_response><|end|>"
    "{% else %}<|{{ m.role }}|>"
    "{% if loop.last or m.content is not string %}{{ m.content }}"
    "{% else %}{{ m.content | replace('/', '') }}{% endif %}"
    "<|end|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@dataclass
class Vocabulary:
    """The tokens in order, and for each keyword the ids that spell its reply."""

    tokens: list[tuple[str, gguf.TokenType]] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    chains: dict[str | None, list[int]] = field(default_factory=dict)

    def add(self, text: str, kind: gguf.TokenType) -> int:
        """Append a token and return its id; known texts keep the id they have."""
        if text not in self.ids:
            self.ids[text] = len(self.tokens)
            self.tokens.append((text, kind))
        return self.ids[text]

    def add_reply(self, keyword: str | None, pieces: Sequence[str]) -> None:
        """Append the pieces of a reply, each of which must be new: a bigram table cannot tell repetitions apart."""
        assert not set(pieces) & self.ids.keys()
        self.chains[keyword] = [self.add(piece, gguf.TokenType.NORMAL) for piece in pieces]


def split_uniquely(text: str, used: set[str]) -> list[str]:
    """Cut a text into pieces of three characters or more, none of them in `used` and none twice."""
    text = text.replace(" ", SPACE)
    taken, pieces, start = set(used), list[str](), 0
    while start < len(text):
        length = 3
        while length < len(text) - start and text[start : start + length] in taken:
            length += 1
        piece = text[start : start + length]
        while piece in taken:  # the text is at its end: glue the rest to the piece before it
            before = pieces.pop()
            taken.discard(before)
            piece = before + piece
        pieces.append(piece)
        taken.add(piece)
        start += length
    return pieces


def make_vocabulary() -> Vocabulary:
    """Control tokens, bytes, keywords, single characters, then the pieces of the replies."""
    kinds = gguf.TokenType
    vocabulary = Vocabulary()
    vocabulary.add("<unk>", kinds.UNKNOWN)
    vocabulary.add("<s>", kinds.CONTROL)
    vocabulary.add("</s>", kinds.CONTROL)
    for byte in range(256):
        vocabulary.add(f"<0x{byte:02X}>", kinds.BYTE)
    for control in (SYSTEM, USER, ASSISTANT, TOOL, END):
        vocabulary.add(control, kinds.CONTROL)
    for keyword in KEYWORDS:  # user-defined tokens are cut out before the text is merged into others
        vocabulary.add(keyword, kinds.USER_DEFINED)
    for character in [SPACE, *map(chr, range(33, 127))]:
        vocabulary.add(character, kinds.NORMAL)
    for name, reply in REPLIES.items():
        if isinstance(reply, str):
            pieces = split_uniquely(reply, set(vocabulary.ids))
        else:
            pieces = [word.replace(" ", SPACE) for word in reply]
        vocabulary.add_reply(name, pieces)
    return vocabulary


def embedding_length(vocabulary: Vocabulary) -> int:
    """One dimension a token and some to spare, as a multiple that the engine's kernels like."""
    return -(-(len(vocabulary.tokens) + len(KEYWORDS) + 3) // 128) * 128


def output_matrix(vocabulary: Vocabulary, width: int) -> Matrix:
    """Return the bigram table: row = the next token, column = the current one, or "this keyword was chosen"."""
    matrix = np.zeros((len(vocabulary.tokens), width), np.float32)
    for name, chain in vocabulary.chains.items():
        for current, following in itertools.pairwise(chain):
            matrix[following, current] = BIGRAM_WEIGHT
        endless = not isinstance(REPLIES[name], str)
        matrix[chain[0] if endless else END_OF_TEXT, chain[-1]] = BIGRAM_WEIGHT
    matrix[vocabulary.chains[None][0], vocabulary.ids[ASSISTANT]] = BIGRAM_WEIGHT
    for character, preference in PREFERENCES.items():
        matrix[vocabulary.ids[character], : len(vocabulary.tokens)] += preference
    for number, keyword in enumerate(KEYWORDS):
        matrix[vocabulary.chains[keyword][0], len(vocabulary.tokens) + number] = KEYWORD_WEIGHT
    return matrix


def layer_matrices(vocabulary: Vocabulary, width: int) -> dict[str, Matrix]:
    """Return the one layer: attention that marks seen keywords, and the AND gates that choose a reply."""

    def zeros(rows: int, columns: int) -> Matrix:
        return np.zeros((rows, columns), np.float32)

    value, attention_out = zeros(width, width), zeros(width, width)
    gate, up, down = zeros(FEED_FORWARD, width), zeros(FEED_FORWARD, width), zeros(width, FEED_FORWARD)
    for number, keyword in enumerate(KEYWORDS):
        seen = len(vocabulary.tokens) + number  # the dimension that says "this keyword is in the context"
        value[seen, vocabulary.ids[keyword]] = SEEN_SHARE / width**0.5
        attention_out[seen, seen] = 1
        gate[number, vocabulary.ids[ASSISTANT]] = 4
        up[number, seen] = 4
        down[seen, number] = 1e4
    ones = np.ones(width, np.float32)
    return {
        "attn_norm": ones,
        "ffn_norm": ones,
        "attn_q": zeros(width, width),
        "attn_k": zeros(width, width),
        "attn_v": value,
        "attn_output": attention_out,
        "ffn_gate": gate,
        "ffn_up": up,
        "ffn_down": down,
    }


def write_header(writer: gguf.GGUFWriter, vocabulary: Vocabulary, width: int) -> None:
    """Describe the architecture."""
    writer.add_name("tiny-test-model")
    writer.add_context_length(CONTEXT_LENGTH)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(width // HEADS)
    writer.add_vocab_size(len(vocabulary.tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def write_tokenizer(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """Store the tokens: the earlier a normal token, the sooner it is merged."""
    normal = gguf.TokenType.NORMAL
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in vocabulary.tokens])
    writer.add_token_scores([-float(i) if kind == normal else 0.0 for i, (_, kind) in enumerate(vocabulary.tokens)])
    writer.add_token_types([int(kind) for _, kind in vocabulary.tokens])
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END_OF_TEXT)
    writer.add_unk_token_id(UNKNOWN)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def write_tensors(writer: gguf.GGUFWriter, vocabulary: Vocabulary, width: int) -> None:
    """Store the weights."""
    embedding = np.zeros((len(vocabulary.tokens), width), np.float32)
    np.fill_diagonal(embedding, 1)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    writer.add_tensor("output.weight", output_matrix(vocabulary, width))
    for name, matrix in layer_matrices(vocabulary, width).items():
        writer.add_tensor(f"blk.0.{name}.weight", matrix)


def make_model(path: Path) -> None:
    """Write the whole model."""
    vocabulary = make_vocabulary()
    width = embedding_length(vocabulary)
    writer = gguf.GGUFWriter(path, "llama")
    write_header(writer, vocabulary, width)
    write_tokenizer(writer, vocabulary)
    write_tensors(writer, vocabulary, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    make_model(Path(sys.argv[1]))
