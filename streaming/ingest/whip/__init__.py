"""Studios by WebRTC (WHIP, RFC 9725): their packets are put in order and forwarded, not decoded."""
