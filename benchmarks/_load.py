"""A load generator that costs little: one thread, a few connections, one address over and over.

An answer is whole when as many bytes as the first one had are there: it must be the same each time.
"""

import os
import re
import select
import socket
import time

import psutil

CONNECTIONS = 32
PIECE = 1 << 20  # bytes taken at a time
WARM = 0.5  # seconds before it counts

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def saturate(port: int, path: str, seconds: float, process: psutil.Process) -> dict[str, float]:
    """Fetch `path` as fast as it goes; what that cost `process`, workers included."""
    request = _request(path)
    size = len(_answer(port, request))
    poll, left, sockets = select.epoll(), {}, {}
    for _ in range(CONNECTIONS):
        each = socket.create_connection(("127.0.0.1", port))
        each.setblocking(False)
        sockets[each.fileno()], left[each.fileno()] = each, size
        poll.register(each, select.EPOLLIN)
        each.send(request)
    count, counted, buffer = 0, 0, bytearray(PIECE)
    began, used = time.monotonic(), 0.0
    end = began + WARM + seconds
    warming = True
    while (now := time.monotonic()) < end:
        if warming and now > began + WARM:
            warming, began, used, counted = False, now, cpu(process), count
        for file, _ in poll.poll(1.0):
            try:
                received = sockets[file].recv_into(buffer)
            except BlockingIOError:
                continue
            assert received, "the server hung up"
            left[file] -= received
            if left[file] <= 0:
                left[file] = size
                count += 1
                sockets[file].send(request)
    elapsed, used = now - began, cpu(process) - used
    for each in sockets.values():
        each.close()
    poll.close()
    return {
        "requests_per_second": round((count - counted) / elapsed),
        "requests_per_cpu_second": round((count - counted) / max(used, 1e-6)),
        "cores": round(used / elapsed, 2),
    }


def body(port: int, path: str) -> bytes:
    return _answer(port, _request(path)).partition(b"\r\n\r\n")[2]


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def _answer(port: int, request: bytes) -> bytes:
    """The second answer, head included: the first may have to be made, the second is ready."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        for _ in range(2):
            one.sendall(request)
            data = b""
            while (end := data.find(b"\r\n\r\n")) < 0:
                data += one.recv(PIECE)
            assert data.startswith(b"HTTP/1.1 200"), data[:200]
            length = _LENGTH.search(data[:end])
            assert length, data[:end]
            whole = end + 4 + int(length[1])
            while len(data) < whole:
                data += one.recv(PIECE)
        return data


def cpu(process: psutil.Process, workers: bool = True) -> float:
    """CPU seconds of a process, and of its workers."""
    total = 0.0
    for each in (process, *(process.children(recursive=True) if workers else ())):
        times = each.cpu_times()
        total += times.user + times.system
    return total


def busy() -> float:
    """CPU seconds that all cores of this machine have worked, for whomever."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - _guests(times))


def pin(process: psutil.Process, core: int) -> None:
    """Keep a process and its workers on one core, where there are several."""
    if (os.cpu_count() or 1) > 1:
        for each in (process, *process.children(recursive=True)):
            each.cpu_affinity([core])


def _guests(times: object) -> float:
    """What Linux counts twice: time of virtual machines is the user's too."""
    return sum(getattr(times, name, 0.0) for name in ("guest", "guest_nice"))
