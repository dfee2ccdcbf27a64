"""Tests of the desktop: real clicks and keys on a real window, offscreen, on Qt's own event loop."""
