"""Syntheses: what a table makes of its ideas, shared with the others, and on air."""
