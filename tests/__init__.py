"""The tests mirror app/parley/; helpers are imported as tests.<module>."""
