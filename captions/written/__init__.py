"""Words as they are read: laid out, written to files, found again."""
