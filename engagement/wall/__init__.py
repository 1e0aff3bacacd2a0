"""The wall: messages written here or seen elsewhere, read, held a moment, shown."""
