"""World cafés: the rounds that laboratories go through, and their tables."""
