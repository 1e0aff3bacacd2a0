"""Viewers out: the studio's own packets by WebRTC, numbered once and sent to each viewer."""
