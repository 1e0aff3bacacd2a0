"""A network namespace of its own for a command: whatever tries to leave the machine is seen.

    seen = watched([sys.executable, "-m", "tests.serving"], folder)
    assert (seen.names, seen.connections) == ([], [])

All names lead to an address that nobody has, behind a cable whose other end is ours. It takes root,
and a kernel that lets it make namespaces. Run as a program, this is what watches, inside.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

# With processes of its own: they end with the first of them, however that ends.
APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
OURS, GATEWAY, NOBODY = "10.99.0.1", "10.99.0.2", "10.99.0.7"
CABLE = "02:00:00:00:00:01"
SETUP = f"""
ip link set lo up
ip link add out0 type veth peer name out1 address {CABLE}
ip link set out1 up
ip link set out0 up
ip addr add {OURS}/24 dev out0
ip route add default via {GATEWAY}
ip neigh add {GATEWAY} lladdr {CABLE} dev out0
ip neigh add {NOBODY} lladdr {CABLE} dev out0
"""
FILES = {"/etc/resolv.conf": "nameserver 127.0.0.1\n", "/etc/nsswitch.conf": "hosts: files dns\n"}

OUTGOING = 4  # PACKET_OUTGOING (packet(7))
IPV4, IPV6, ALL = 0x0800, 0x86DD, 0x0003  # EtherTypes; the last is ETH_P_ALL
BY_KERNEL = (0, 2, 58)  # protocols: hop-by-hop options, IGMP, ICMPv6
MOST = 1_000  # of each kind that are remembered


class NoNamespace(Exception):
    """No namespace can be made on this machine; the message says why."""


class Seen(msgspec.Struct):
    """Names and addresses that a command tried, each once and in order, and its result.

    `names` are the hosts that it looked up. `connections` are the addresses beyond the machine to
    which it sent anything, as "udp 10.99.0.7:53".
    """

    names: list[str] = []
    connections: list[str] = []
    status: int = -1
    output: str = ""


def watched(command: Sequence[str], folder: Path, timeout: float = 120.0) -> Seen:
    """Run a command there to its end; `folder` is for our notes. Raises NoNamespace."""
    if os.geteuid() != 0:
        raise NoNamespace("only root may make a network namespace")
    tried = subprocess.run([*APART, "true"], capture_output=True)
    if tried.returncode:
        raise NoNamespace(tried.stderr.decode().strip())
    notes = folder / "seen.json"
    inside = [sys.executable, "-m", "tests.outside", str(folder), *command]
    subprocess.run([*APART, *inside], check=True, timeout=timeout)
    return msgspec.json.decode(notes.read_bytes(), type=Seen)


def main() -> None:
    """Set the namespace up, run the command, and write down what was seen."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    for line in SETUP.strip().splitlines():
        subprocess.run(line.split(), check=True)
    for path, text in FILES.items():
        instead = folder / Path(path).name
        instead.write_text(text)
        subprocess.run(["mount", "--bind", str(instead), path], check=True)
    seen = Seen()
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind(("127.0.0.1", 53))
    leaving = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    leaving.bind(("out0", ALL))
    threading.Thread(target=_answer, args=(asked, seen), daemon=True).start()
    threading.Thread(target=_watch, args=(leaving, seen), daemon=True).start()
    with (folder / "output").open("w+b") as output:
        seen.status = subprocess.run(command, stdout=output, stderr=output).returncode
        output.seek(0)
        seen.output = output.read().decode(errors="replace")
    (folder / "seen.json").write_bytes(msgspec.json.encode(seen))


def _answer(asked: socket.socket, seen: Seen) -> None:
    """Answer what is looked up (RFC 1035, 4.1): each name has one IPv4 address."""
    while True:
        query, asker = asked.recvfrom(512)
        end = query.index(b"\0", 12)
        _note(seen.names, _name(query[12:end]))
        question, kind = query[12 : end + 5], query[end + 1 : end + 3]
        record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + socket.inet_aton(NOBODY)
        answers = [record] if kind == b"\0\x01" else []
        header = query[:2] + b"\x81\x80" + struct.pack(">4H", 1, len(answers), 0, 0)
        asked.sendto(header + question + b"".join(answers), asker)


def _name(labels: bytes) -> str:
    parts = []
    while labels:
        parts.append(labels[1 : labels[0] + 1].decode("ascii", "replace"))
        labels = labels[labels[0] + 1 :]
    return ".".join(parts)


def _watch(leaving: socket.socket, seen: Seen) -> None:
    while True:
        frame, (_, _, direction, *_) = leaving.recvfrom(65_536)
        if direction == OUTGOING and (where := _destination(frame)):
            _note(seen.connections, where)


def _destination(frame: bytes) -> str:
    """The destination of a frame; "" for frames that the kernel sends by itself."""
    kind, packet = int.from_bytes(frame[12:14]), frame[14:]
    if kind == IPV4:
        protocol, inside = packet[9], packet[4 * (packet[0] & 15) :]
        address = socket.inet_ntop(socket.AF_INET, packet[16:20])
    elif kind == IPV6:
        protocol, inside = packet[6], packet[40:]
        address = f"[{socket.inet_ntop(socket.AF_INET6, packet[24:40])}]"
    else:
        return ""
    if protocol in BY_KERNEL:
        return ""
    name = {6: "tcp", 17: "udp"}.get(protocol, str(protocol))
    return f"{name} {address}:{int.from_bytes(inside[2:4])}"


def _note(known: list[str], each: str) -> None:
    if each not in known and len(known) < MOST:
        known.append(each)


if __name__ == "__main__":
    main()
