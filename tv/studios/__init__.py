"""How studios come in besides HTTP, how their pictures are watched, kept and sent on."""
