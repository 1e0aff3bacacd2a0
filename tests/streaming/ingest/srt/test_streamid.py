"""What callers of SRT say they want, in both forms of streamid."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streaming.ingest.srt.streamid import LIMIT, Reject, Rejected, Wish, read


@pytest.mark.parametrize(
    ("streamid", "wish"),
    [
        (b"publish:plateau:K", Wish("plateau", "", ("K",))),
        (b"publish:plateau/backup:K", Wish("plateau", "backup", ("K",))),
        (b"publish:plateau:K\0\0\0", Wish("plateau", "", ("K",))),  # SRT pads to four bytes
        (b"#!::r=plateau,m=publish,u=K", Wish("plateau", "", ("K",))),
        (b"#!::m=publish,r=/labo-1/primary,s=K", Wish("labo-1", "primary", ("K",))),
        (b"#!::u=marie,key=K,m=publish,t=stream,h=x", Wish("", "", ("marie", "K"))),
    ],
)
def test_both_forms_are_read(streamid: bytes, wish: Wish) -> None:
    assert read(streamid) == wish


@pytest.mark.parametrize(
    ("streamid", "code"),
    [
        (b"", Reject.BAD_REQUEST),
        (b"plateau", Reject.BAD_REQUEST),
        (b"publish::K", Reject.BAD_REQUEST),
        (b"publish:plateau:", Reject.BAD_REQUEST),
        (b"publish:plateau:K:more", Reject.BAD_REQUEST),
        (b"publish:plateau:\xff", Reject.BAD_REQUEST),
        (b"publish:plateau:" + b"K" * LIMIT, Reject.BAD_REQUEST),
        (b"#!:{r=plateau,m=publish,u=K}", Reject.BAD_REQUEST),
        (b"#!::r=plateau,m=publish,u=K,u=L", Reject.BAD_REQUEST),
        (b"#!::" + b",".join(b"a%d=1" % index for index in range(17)), Reject.BAD_REQUEST),
        (b"#!::r=plateau,u=K", Reject.BAD_MODE),  # without m, it is a request
        (b"#!::r=plateau,u=K,m=bidirectional", Reject.BAD_MODE),
        (b"#!::r=plateau,u=K,m=publish,t=file", Reject.BAD_MODE),
        (b"read:plateau:K", Reject.BAD_MODE),
        (b"#!::r=plateau,m=publish", Reject.FORBIDDEN),
    ],
)
def test_what_is_not_a_wish_to_publish_is_turned_away(streamid: bytes, code: Reject) -> None:
    with pytest.raises(Rejected) as told:
        read(streamid)
    assert told.value.code == code


WORDS = ("publish", ":", ",", "=", "#!::", "r", "m", "u", "s", "key", "/", "\0", "é", "plateau")
ALMOST = st.lists(st.sampled_from(WORDS))


@given(st.binary(max_size=600) | ALMOST.map(lambda words: "".join(words).encode()))
@example(b"#!::m=publish,u=")
@example(b"#!::m=publish,u=K,r=a/b/c")
def test_any_streamid_is_a_wish_with_a_key_or_is_turned_away(streamid: bytes) -> None:
    with suppress(Rejected):
        wish = read(streamid)
        assert wish.keys
        assert all(wish.keys)
        assert len(wish.keys) <= 3
