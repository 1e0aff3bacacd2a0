"""Server-sent events as they are written, and what becomes of those that nobody reads in time."""

from tv.event_stream import Events


async def test_a_stream_is_written_as_the_protocol_has_it() -> None:
    events = Events()
    events.put("active", "{}")
    written = events.written()
    assert await anext(written) == b"retry: 2000\n\n"
    assert await anext(written) == b"event: active\ndata: {}\n\n"
    events.put("viewercount", '{"viewercount":2}')
    events.end()
    assert [each async for each in written] == [b'event: viewercount\ndata: {"viewercount":2}\n\n']


async def test_of_each_kind_of_news_only_the_newest_waits() -> None:
    events = Events()
    for count in range(1000):
        events.put("active" if count % 2 else "inactive", "{}")
        events.put("viewercount", str(count))
    events.end()
    assert [each async for each in events.written()][1:] == [
        b"event: active\ndata: {}\n\n",
        b"event: viewercount\ndata: 999\n\n",
    ]


async def test_a_quiet_stream_shows_that_it_is_alive() -> None:
    written = Events().written(heartbeat=0.01)
    assert [await anext(written) for _ in range(3)] == [b"retry: 2000\n\n", b":\n\n", b":\n\n"]
    await written.aclose()
