"""What a slot receives, kept in files before anything is chosen: isolated recordings, to edit."""
