"""From studio to screens: packets on one clock, relayed as WebRTC and (LL-)HLS.

Knows media; not HTTP, captions or votes. The ground floor is `clock` (one time for everything),
`packet`, `ring`, `feed` and `link` (what processes say to each other); `ingest/` brings studios in,
`continuity` decides what is on air, `webrtc/` and `hls/` carry it to viewers.
"""
