"""Tests of the transcript on a real widget, with real events."""
