"""deploy/nginx.conf as it is, save for ports and folders, in front of a server of a test's."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.servers import free_ports
from tests.waiting import until

FILE = Path(__file__).parents[1] / "deploy/nginx.conf"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@contextmanager
def edge(port: int, *, workers: str = "auto") -> Iterator[tuple[int, psutil.Process]]:
    """nginx before the server on `port` of this machine: its own port, and its process."""
    with tempfile.TemporaryDirectory(prefix="fabrique-edge-") as folder:
        os.chmod(folder, 0o755)  # its workers may be another user's
        (own,) = free_ports(1)
        here = Path(folder, "nginx.conf")
        here.write_text(_moved(FILE.read_text(), Path(folder), port, own, workers))
        log = Path(folder, "error.log")
        process = subprocess.Popen([NGINX, "-p", folder, "-c", here, "-g", "daemon off;"])
        try:
            _wait(own, process, log)
            yield own, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=10)
        problems = [line for line in log.read_text().splitlines() if "[emerg]" in line]
        assert not problems, problems


def _moved(text: str, folder: Path, upstream: int, own: int, workers: str) -> str:
    changes = {
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/error.log": f"{folder}/error.log",
        "/var/cache/nginx/fabrique": f"{folder}/cache",
        "/var/cache/nginx/bodies": f"{folder}/bodies",
        "/var/cache/nginx/proxied": f"{folder}/proxied",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        "listen 80;": f"listen 127.0.0.1:{own};",
        "worker_processes auto": f"worker_processes {workers}",
    }
    if os.getuid() != 0:
        changes["user www-data;"] = ""
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    def listens() -> bool:
        assert process.poll() is None, "nginx does not start"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    until(listens, told=log.read_text)
