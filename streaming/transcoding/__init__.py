"""Pictures of any usual kind made H.264 for every screen: the ladder process's work."""
