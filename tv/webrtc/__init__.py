"""WHIP and WHEP: offers by HTTP, for studios and for viewers."""
