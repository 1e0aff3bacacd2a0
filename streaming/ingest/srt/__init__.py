"""SRT in: the system's libsrt, the port that listens, and what callers ask for."""
