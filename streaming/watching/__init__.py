"""What a studio's pictures show and its sound says, found by decoding: a process of its own."""
