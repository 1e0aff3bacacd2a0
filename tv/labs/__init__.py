"""Laboratories: their sessions, ideas and syntheses as pages and the API say them."""
