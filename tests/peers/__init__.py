"""Real programs of other makers that the tests talk to, so that not only our own fakes judge us."""
