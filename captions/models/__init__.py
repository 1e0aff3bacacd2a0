"""Where the speech model comes from, and which one this machine gets."""
