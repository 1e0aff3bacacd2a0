"""What the tests of `streaming` share."""

from hypothesis import settings

# The machine that tests run on may be busy: how long one example took says nothing.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
