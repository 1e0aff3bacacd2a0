"""The application: composes streaming, captions and engagement; owns processes, HTTP, roles, the
store and the settings.

Read `cli` (what one can run), `supervisor` (which processes that makes), then `media` and `web`
(what lives in the two that matter most).
"""
