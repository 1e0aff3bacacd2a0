"""Where a restream goes, by the address that a platform gives."""

import pytest

from streaming.restream.address import BadAddress, parse


def test_addresses_are_read_as_platforms_give_them() -> None:
    youtube = parse("rtmp://a.rtmp.youtube.com/live2", "abcd-efgh")
    assert (youtube.host, youtube.port, youtube.app) == ("a.rtmp.youtube.com", 1935, "live2")
    assert youtube.url == "rtmp://a.rtmp.youtube.com/live2"
    facebook = parse(" rtmps://live-api-s.facebook.com:443/rtmp/ ", "FB-1-0-x?s_bl=1&a=b\n")
    assert (facebook.port, facebook.app, facebook.secure) == (443, "rtmp", True)
    assert facebook.key == "FB-1-0-x?s_bl=1&a=b"
    linkedin = parse("rtmps://x.channel.media.azure.net:2935/live/4f3c", "c0ffee")
    assert (linkedin.port, linkedin.app) == (2935, "live/4f3c")
    assert linkedin.url == "rtmps://x.channel.media.azure.net:2935/live/4f3c"
    assert parse("rtmp://[::1]/a?b=c", "k").url == "rtmp://[::1]/a?b=c"


@pytest.mark.parametrize(
    ("url", "key", "named"),
    [
        ("http://example.org/live", "k", "rtmp://"),
        ("rtmp:///live", "k", "rtmp://"),
        ("rtmp://example.org", "k", "application"),
        ("rtmp://example.org:0/live", "k", "rtmp://"),
        ("rtmp://example.org:x/live", "k", "mal formée"),
        ("rtmp://a..b/live", "k", "mal formée"),
        ("rtmp://[::1/live", "k", "mal formée"),
        ("rtmp://me:hush@example.org/live", "k", "mot de passe"),
        ("rtmp://example.org/live", "  ", "clé"),
        ("rtmp://example.org/live", "a\0b", "invisible"),
        ("rtmp://example.org/live", "k" * 1025, "trop longue"),
    ],
)
def test_what_cannot_be_used_is_named_without_secrets(url: str, key: str, named: str) -> None:
    with pytest.raises(BadAddress, match=named) as caught:
        parse(url, key)
    assert "hush" not in str(caught.value)


def test_secrets_do_not_show_when_an_address_is_logged() -> None:
    assert "hush" not in repr(parse("rtmp://example.org/live-hush", "hush"))
