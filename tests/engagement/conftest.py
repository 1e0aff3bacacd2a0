"""What several of these tests begin with."""

import pytest

from tests.engagement.cafes import House


@pytest.fixture
def house() -> House:
    """A world café that is open, before its first round."""
    house = House()
    house.opened()
    return house
