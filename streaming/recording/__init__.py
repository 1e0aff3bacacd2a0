"""Segments on disk: what was on air, as it was sent."""
