"""Viewers out: the studio's own packets by WebRTC, numbered once and sent to each viewer.

Studios that come in by WebRTC share `connection`, `mux`, `sdp`, `rtp` and `rtcp`.
"""
