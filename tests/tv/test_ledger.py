"""The ledger never gives a number twice, whatever ends the process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tv.ledger import Ledger


def test_numbers_go_on_in_the_next_epoch(tmp_path: Path) -> None:
    first = Ledger.open(tmp_path / "plateau.json", now=1000.7)
    assert first.page.origin == 1000.0
    assert [first.next_msn() for _ in range(3)] == [1, 2, 3]
    first.close()

    second = Ledger.open(tmp_path / "plateau.json", now=2000.0)
    assert second.page.origin == 1000.0
    assert second.page.epoch == first.page.epoch + 1
    assert second.next_discontinuity() == first.page.discontinuity + 1
    assert second.next_msn() == 4
    second.close()


def test_killed_process_has_reserved_what_it_used(tmp_path: Path) -> None:
    path = tmp_path / "plateau.json"
    user = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from tv.ledger import Ledger\n"
            "ledger = Ledger.open(Path(sys.argv[1]), 0.0)\n"
            "while True: print(ledger.next_msn(), flush=True)",
            str(path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdout
    used = [int(user.stdout.readline()) for _ in range(100)]
    os.kill(user.pid, signal.SIGKILL)
    used += [int(line) for line in user.stdout.read().splitlines()[:-1]]  # the last may be cut
    user.stdout.close()
    user.wait()

    ledger = Ledger.open(path, 0.0)
    assert ledger.next_msn() > used[-1]
    ledger.close()


def test_spoilt_page_starts_a_new_timeline(tmp_path: Path) -> None:
    path = tmp_path / "plateau.json"
    path.write_bytes(b"{")
    ledger = Ledger.open(path, now=5.5)
    assert ledger.page.origin == 5.0
    ledger.close()


def test_names_of_another_folder_are_never_given_again(tmp_path: Path) -> None:
    # Browsers keep segments for a day, by address: a folder made anew must not name them again.
    old = Ledger.open(tmp_path / "old.json", now=1000.0)
    new = Ledger.open(tmp_path / "new.json", now=2000.0)
    assert old.page.msn == new.page.msn
    assert old.page.epoch != new.page.epoch
    for ledger in (old, new):
        ledger.close()


def test_the_end_of_what_was_shown_is_known_to_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "plateau.json"
    first = Ledger.open(path, now=1000.0)
    assert first.page.until == 0.0
    first.reach(1002.5)
    first.close()
    second = Ledger.open(path, now=1004.0)
    assert second.page.until == 1002.5
    second.close()


def test_page_of_an_older_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plateau.json"
    path.write_text('{"origin":5.0,"epoch":3,"msn":9,"discontinuity":2}')
    ledger = Ledger.open(path, now=1000.0)
    assert (ledger.page.origin, ledger.page.epoch, ledger.next_msn()) == (5.0, 4, 9)
    ledger.close()
