"""What other servers want to know, told to them: signed, once it is so, and until they have it."""
