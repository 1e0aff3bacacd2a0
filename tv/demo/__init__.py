"""The built-in talk, and the whole service shown with it."""
