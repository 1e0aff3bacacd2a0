"""deploy/nginx.conf as it is, save for ports and folders, in front of a server of a test's."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.servers import free_ports
from tests.waiting import until

FILE = Path(__file__).parents[1] / "deploy/nginx.conf"
TLS = FILE.with_name("tls.conf")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def _has_ipv6() -> bool:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


IPV6 = _has_ipv6()  # whether this machine answers on ::1


class Edge(NamedTuple):
    """An nginx that runs; `secure_port` answers where there is a certificate."""

    port: int
    secure_port: int
    process: psutil.Process


@contextmanager
def edge(
    port: int, *, workers: str = "auto", certified: tuple[Path, Path] | None = None
) -> Iterator[Edge]:
    """nginx before the server on `port` here; by HTTPS too with a certificate and its key."""
    with tempfile.TemporaryDirectory(prefix="fabrique-edge-") as folder:
        os.chmod(folder, 0o755)  # its workers may be another user's
        own, secure = free_ports(2)
        here = Path(folder, "nginx.conf")
        here.write_text(_moved(FILE.read_text(), Path(folder), port, own, workers))
        if certified:
            here.with_name(TLS.name).write_text(_secured(TLS.read_text(), secure, *certified))
        log = Path(folder, "error.log")
        process = subprocess.Popen([NGINX, "-p", folder, "-c", here, "-g", "daemon off;"])
        try:
            _wait(own, process, log)
            yield Edge(own, secure, psutil.Process(process.pid))
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
        "listen [::]:80;": f"listen [::1]:{own};" if IPV6 else "",
        "worker_processes auto": f"worker_processes {workers}",
    }
    if os.getuid() != 0:
        changes["user www-data;"] = ""
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _secured(text: str, port: int, certificate: Path, key: Path) -> str:
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    text = text.replace("listen [::]:443 ssl;", f"listen [::1]:{port} ssl;" if IPV6 else "")
    text = re.sub(r"(ssl_certificate +)\S+;", rf"\g<1>{certificate};", text)
    return re.sub(r"(ssl_certificate_key +)\S+;", rf"\g<1>{key};", text)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    def listens() -> bool:
        assert process.poll() is None, "nginx does not start"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    until(listens, told=log.read_text)
