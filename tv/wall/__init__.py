"""The wall's world: pictures, other networks, and what pages are told."""
