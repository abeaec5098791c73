"""Gateways for the tests: real processes of the binary that POPGATE names."""

from __future__ import annotations

import os
import pathlib
import poplib
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import popgate

T = TypeVar("T")

# Where `popgate demo` says what it has started; the last thing it prints is about grpcurl.
_DEMO = re.compile(r"gateway +(?P<gateway>\S+) .*?mailbox +(?P<host>\S+):(?P<port>\d+) .*grpcurl", re.DOTALL)
_SERVE = re.compile(r"msg=listening address=(?P<gateway>\S+)")


class Gateway:
    """A process of popgate that has said where it listens. What it says afterwards is read away."""

    def __init__(self, pattern: re.Pattern[str], *arguments: str) -> None:
        self._process = subprocess.Popen(
            [os.environ["POPGATE"], *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        said = ""
        for line in self._process.stdout:
            said += line
            if match := pattern.search(said):
                self.where = match.groupdict()
                break
        else:
            raise AssertionError(f"popgate has ended: {said}")
        self._reader = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


def serve(*targets: str, flags: Iterable[str] = ()) -> Gateway:
    """Start a gateway that lets callers reach these targets, in plaintext and unverified too."""
    allowed = [f"--allow-target={target}" for target in targets]
    unsafe = ["--unsafe-allow-plaintext", "--unsafe-allow-unverified-tls"]
    return Gateway(_SERVE, "serve", "--listen=127.0.0.1:0", *unsafe, *allowed, *flags)


def certificate(folder: pathlib.Path, name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """Make a certificate of this name, signed by itself, and its key; return the PEM files."""
    folder.mkdir()
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=popgate"
    out = ["-addext", f"subjectAltName=DNS:{name}", "-out", certificate, "-keyout", key]
    subprocess.run([*command.split(), *out], check=True, capture_output=True)
    return certificate, key


@contextmanager
def demo(gateway: str = "127.0.0.1:0", mailbox: str = "127.0.0.1:0") -> Iterator[tuple[str, popgate.Server]]:
    """Run `popgate demo`: the gateway's address and the mailbox, whose user is alice with the password secret."""
    process = Gateway(_DEMO, "demo", f"--listen={gateway}", f"--mailbox={mailbox}")
    try:
        where = process.where
        tls = popgate.TlsOptions(mode=popgate.TLS_MODE_PLAINTEXT)
        yield where["gateway"], popgate.Server(host=where["host"], port=int(where["port"]), tls=tls)
    finally:
        process.stop()


ALICE = popgate.Credentials(username="alice", password="secret")


def once_free(work: Callable[[], T]) -> T:
    """Do it when the server has seen that what had the mailbox is over: without QUIT that takes it some time."""
    limit = time.monotonic() + 120
    while True:
        try:
            return work()
        except popgate.Error as error:
            if error.reason != "MAILBOX_IN_USE" or time.monotonic() > limit:
                raise
        except poplib.error_proto as error:
            if b"[IN-USE]" not in error.args[0] or time.monotonic() > limit:
                raise
        time.sleep(0.01)


def await_free(server: popgate.Server) -> None:
    """Wait until a demo's mailbox can be had."""

    def login() -> None:
        box = poplib.POP3(server.host, server.port)
        try:
            box.user("alice")
            box.pass_("secret")
            box.quit()  # the mailbox is free again before it is answered
        finally:
            box.close()

    once_free(login)
