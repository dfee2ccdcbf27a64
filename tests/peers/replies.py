"""The fixed replies of the tiny test model, one table for the model's maker and for the tests.

The last message decides: a keyword in it chooses the reply, otherwise the default comes.
"""

DEFAULT = "Hello! I am a tiny test model. I always say the same words, so you can check them."

MARKDOWN = (
    "# Title\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    "```python\nprint('hi')\n```\n\n"
    "- *item* with `code` \N{EM DASH} na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve "
    "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{SLIGHTLY SMILING FACE}\n"
)

THINK_REASONING = "Let me see what 2+2 is; it should be four."
THINK_ANSWER = "The answer is **4**."
# The engine hands the tags on as they are, in the content: telling reasoning from text is left to the client.
THINK = f"<think>{THINK_REASONING}</think>\n\n{THINK_ANSWER}"

# Repeated without end: for stopping, cancelling and max_tokens.
LONG_WORDS = (" tick", " tock", " ding", " dong")

# Called when the request offers tools; once the tool has answered, AFTER_TOOL follows.
CALL_NAME = "get_time"
CALL_ARGUMENTS = {"tz": "UTC"}
AFTER_TOOL = "The tool has answered; thank you, tool."

MARKDOWN_KEYWORD = "/markdown"
THINK_KEYWORD = "/think"
LONG_KEYWORD = "/long"
CALL_KEYWORD = "/call"
