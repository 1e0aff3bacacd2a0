"""Descriptions that are nearly right, for readers of SDP."""

from hypothesis import strategies as st


@st.composite
def damaged(draw: st.DrawFn, sdp: str) -> str:
    """`sdp` with some lines dropped, doubled, cut, swapped or written over; not the first."""
    lines = sdp.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(1, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "cut", "swap", "write"])):
            case "drop":
                del lines[place]
            case "double":
                lines.insert(place, lines[place])
            case "cut":
                lines[place] = lines[place][: draw(st.integers(0, 20))] + "\r\n"
            case "swap":
                other = draw(st.integers(1, len(lines) - 1))
                lines[place], lines[other] = lines[other], lines[place]
            case "write":
                lines[place] = lines[place][:9] + draw(st.text(max_size=20)) + "\r\n"
    return "".join(lines)
