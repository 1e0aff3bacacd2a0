"""The binding on the system's libsrt."""

import subprocess
import sys

import pytest

from streaming.ingest.srt.libsrt import Library, SrtError

HIDDEN = """
from streaming.ingest.srt import libsrt
libsrt.NAMES = ("libsrt-of-nowhere.so",)
try:
    libsrt.Library()
except libsrt.LibraryMissing as error:
    print(error)
"""


def test_a_missing_library_is_told_with_its_package() -> None:
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True)
    (line,) = done.stdout.splitlines()
    assert "libsrt1.5-gnutls" in line


def test_what_fails_is_told_in_the_library_s_words() -> None:
    library = Library()
    library.start()
    try:
        with pytest.raises(SrtError, match="srt_setsockflag"):
            library.listen("127.0.0.1", 0, lambda address, streamid: 0, passphrase="court")
        with pytest.raises(SrtError, match="address"):
            library.listen("nulle part", 0, lambda address, streamid: 0)
        with pytest.raises(SrtError):
            library.statistics(1)
    finally:
        library.stop()
