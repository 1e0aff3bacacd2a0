"""From sound to words: what is heard now, and what is heard again."""
