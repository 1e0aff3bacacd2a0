"""What stays of a talk: recording, rewind, replay, films, and small pictures."""
