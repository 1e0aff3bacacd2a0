"""Captions on the air: the processes that write them, and what people do to them."""
