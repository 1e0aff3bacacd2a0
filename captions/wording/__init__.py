"""Which words stand: the glossary's, the rules', and those of people."""
