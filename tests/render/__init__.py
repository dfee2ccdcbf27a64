"""Tests of Markdown, blocks and colours."""
