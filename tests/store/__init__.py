"""Tests of the store: real SQLite, real files, real processes."""
