"""Databases as earlier versions left them. They are never made anew: `make.py` shows how each came to be."""
