"""Films and thumbnails made of what was recorded, without encoding any of it again."""
