"""`fabrique-tv doctor`: whether a machine is fit for the show, before it begins."""
