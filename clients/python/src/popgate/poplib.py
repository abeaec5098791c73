"""A drop-in for Python's poplib, through a popgate gateway: the same names, signatures, return values and exceptions.

A program changes its import to `from popgate import poplib`. The gateway's address is the argument `gateway` of POP3 and POP3_SSL,
or else the environment's POPGATE_TARGET; a popgate.Client will do too, and is then the caller's to close.

What differs:

* TLS is verified where no context is given, by the gateway's roots; poplib verifies nothing then. `default_context` changes that.
* Of a context only what the gateway can do too is taken over: the CAs that were loaded from a file or a string, else the gateway's
  roots, and whether it verifies at all. The key in it cannot be read: give `keyfile` and `certfile`. One that checks the
  certificate but not the name is a ValueError.
* What the operator of the gateway does not allow is refused before it is sent: plaintext logins, unverified TLS, private hosts.
* A message number is a number from 1: what is none is error_proto, and nothing is sent.
* Lines may be longer than 2,048 octets, in messages and in listings.
* There is no socket: `sock` has nothing but `gettimeout()` and `close()`, `file` nothing but `close()`; both are None once closed.
* set_debuglevel prints the same lines, save that secrets are `***`.
* An answer that poplib would wait for in vain, or that the gateway cannot take for POP3, is error_proto and ends the connection.
"""

from __future__ import annotations

import errno
import os
import pathlib
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.duration_pb2 import Duration

from ._poplib import as_poplib, error_proto, message_number, split_lines, tls_options, unescaped
from .client import Client, connect
from .session import MessageFile, Session
from .v1.server_pb2 import TLS_MODE_IMPLICIT, TLS_MODE_PLAINTEXT, Server, TlsOptions

__all__ = ["POP3", "error_proto", "POP3_SSL"]

HAVE_SSL = True

POP3_PORT = 110
POP3_SSL_PORT = 995

CR = b"\r"
LF = b"\n"
CRLF = CR + LF

_Long = tuple[bytes, list[bytes], int]
_Capabilities = dict[str, list[str]]

# What stands for "the default time-out of sockets", as in poplib's signatures.
_GLOBAL_DEFAULT_TIMEOUT: Any = getattr(socket, "_GLOBAL_DEFAULT_TIMEOUT")

default_context: Callable[[], ssl.SSLContext] | None = None
"""Makes the context where none is given; None is verified TLS. `ssl._create_unverified_context` is what poplib does."""


class _Connection:
    """What stands for the socket."""

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """Return how long is waited for the server, in seconds; None where the gateway decides."""
        return self._timeout

    def close(self) -> None:
        """Do nothing: POP3.close closes."""


class POP3:
    """A connection to a POP3 server, from its greeting on. The methods are poplib's.

    `timeout` is what each wait for the server takes at most, in seconds; None leaves it to the gateway. `gateway` is the
    gateway's address, or a popgate.Client. Where the connection fails it is OSError, by time TimeoutError, by a certificate
    ssl.SSLCertVerificationError, as with poplib; where the gateway cannot be reached it is ConnectionError.
    """

    encoding = "UTF-8"
    timestamp = re.compile(rb"\+OK.[^<]*(<.*>)")

    def __init__(
        self,
        host: str,
        port: int = POP3_PORT,
        timeout: float | None = _GLOBAL_DEFAULT_TIMEOUT,
        *,
        gateway: str | Client | None = None,
    ) -> None:
        self._open(host, port, timeout, gateway, TlsOptions(mode=TLS_MODE_PLAINTEXT), tls=False)

    def _open(
        self, host: str, port: int, timeout: Any, gateway: str | Client | None, options: TlsOptions, tls: bool
    ) -> None:
        self.host = host
        self.port = port
        self._tls_established = tls
        self._debugging = 0
        sys.audit("poplib.connect", self, host, port)
        if timeout is _GLOBAL_DEFAULT_TIMEOUT:
            timeout = socket.getdefaulttimeout()
        if timeout is not None and not timeout:
            raise ValueError("Non-blocking socket (timeout=0) is not supported")
        server = Server(host=host, port=port, tls=options, lenient_status=True, allow_any_timestamp=True)
        if timeout is not None:
            server.io_timeout.CopyFrom(_duration(timeout))
        self._own: Client | None = None
        if isinstance(gateway, Client):
            client = gateway
        else:
            client = self._own = connect(gateway or _target())
        self._session: Session | None = None
        try:
            with as_poplib():
                self._session = client.session(server)
        except BaseException:
            self._close_own()
            raise
        self.sock: _Connection | None = _Connection(timeout)
        self.file: _Connection | None = self.sock
        self.welcome = unescaped(self._session.opened.response)

    def _short(self, command: str, call: Callable[[Session], str]) -> bytes:
        """Run a command whose answer is a status line. `command` is for the debug output."""
        return self._run(command, lambda session: (unescaped(call(session)), [], 0), long=False)[0]

    def _run(self, command: str, call: Callable[[Session], _Long], *, long: bool = True) -> _Long:
        line = command.encode(self.encoding)
        if self._debugging:
            print("*cmd*", repr(command))
        if self._debugging > 1:
            print("*put*", repr(line))
        sys.audit("poplib.putline", self, line)
        if self._session is None:
            raise OSError(errno.ENOTCONN, "the connection is closed")
        try:
            with as_poplib():
                response, lines, octets = call(self._session)
        except error_proto as error:
            self._print_reply(error.args[0], [], long=False)
            raise
        self._print_reply(response, lines, long)
        return response, lines, octets

    def _print_reply(self, response: bytes | str, lines: list[bytes], long: bool) -> None:
        """Print a reply as it was on the wire; a failure without a status line is none."""
        if self._debugging < 2 or isinstance(response, str):
            return
        print("*get*", repr(response + CRLF))
        print("*resp*", repr(response))
        for text in [b"." + line if line.startswith(b".") else line for line in lines] + [b"."] * long:
            print("*get*", repr(text + CRLF))

    def _message(self, command: str, call: Callable[[Session], MessageFile]) -> _Long:
        def read(session: Session) -> _Long:
            with call(session) as file:
                data = file.read()
            return unescaped(file.response), split_lines(data), len(data)

        return self._run(command, read)

    def _listing(self, command: str, call: Callable[[Session], Iterator[Any]], *, long: bool = True) -> _Long:
        def read(session: Session) -> _Long:
            batches = list(call(session))
            # The entry of a single message is in its status line.
            lines = [unescaped(entry.line) for batch in batches for entry in batch.entries if long]
            return unescaped(batches[0].response), lines, batches[-1].octets

        return self._run(command, read, long=long)

    def getwelcome(self) -> bytes:
        """Return the greeting."""
        return self.welcome

    def set_debuglevel(self, level: int) -> None:
        """Print nothing (0), the commands (1), or all lines (2)."""
        self._debugging = level

    def user(self, user: str) -> bytes:
        """USER; return the status line."""
        return self._short(f"USER {user}", lambda session: session.user(str(user)))

    def pass_(self, pswd: str) -> bytes:
        """PASS; return the status line."""
        return self._short("PASS ***", lambda session: session.pass_(str(pswd)))

    def stat(self) -> tuple[int, int]:
        """STAT; return the number of messages and their octets."""
        found = [0, 0]

        def read(session: Session) -> str:
            response = session.stat()
            found[:] = response.message_count, response.octets
            return response.response

        line = self._short("STAT", read)
        if self._debugging:
            print("*stat*", repr(line.split()))
        return found[0], found[1]

    def list(self, which: int | str | None = None) -> Any:
        """LIST; return (status line, ["number octets", …], octets of the listing), or the status line of one message."""
        if which is None:
            return self._listing("LIST", lambda session: session.list())
        number = message_number(which)
        return self._listing(f"LIST {which}", lambda session: session.list(number), long=False)[0]

    def retr(self, which: int | str) -> _Long:
        """RETR; return (status line, lines without line ends, octets with them)."""
        number = message_number(which)
        return self._message(f"RETR {which}", lambda session: session.retr(number))

    def dele(self, which: int | str) -> bytes:
        """DELE; return the status line."""
        number = message_number(which)
        return self._short(f"DELE {which}", lambda session: session.dele(number))

    def noop(self) -> bytes:
        """NOOP; return the status line."""
        return self._short("NOOP", lambda session: session.noop())

    def rset(self) -> bytes:
        """RSET: take all marks back; return the status line."""
        return self._short("RSET", lambda session: session.rset())

    def quit(self) -> bytes:
        """QUIT: have the marked messages removed, and close; return the status line."""
        response = self._short("QUIT", lambda session: session.quit().response)
        self.close()
        return response

    def close(self) -> None:
        """Close the connection without QUIT: nothing is removed."""
        session, self._session = self._session, None
        self.sock = self.file = None
        if session is not None:
            session.close()
        self._close_own()

    def _close_own(self) -> None:
        if self._own is not None:
            self._own.close()

    def rpop(self, user: str) -> bytes:
        """RPOP; return the status line."""
        return self._short(f"RPOP {user}", lambda session: session.rpop(str(user)))

    def apop(self, user: str, password: str) -> bytes:
        """APOP; return the status line. The gateway computes the digest, over the greeting that it has read."""
        if not self.timestamp.match(self.welcome):
            raise error_proto("-ERR APOP not supported by server")
        return self._short(f"APOP {user} ***", lambda session: session.apop(str(user), password))

    def top(self, which: int | str, howmuch: int | str) -> _Long:
        """TOP: the header and so many lines of the body; return as retr does."""
        number, lines = message_number(which), message_number(howmuch, least=0)
        return self._message(f"TOP {which} {howmuch}", lambda session: session.top(number, lines))

    def uidl(self, which: int | str | None = None) -> Any:
        """UIDL; return (status line, ["number unique-id", …], octets of the listing), or the status line of one message."""
        if which is None:
            return self._listing("UIDL", lambda session: session.uidl())
        number = message_number(which)
        return self._listing(f"UIDL {which}", lambda session: session.uidl(number), long=False)[0]

    def utf8(self) -> bytes:
        """UTF8; return the status line."""
        return self._short("UTF8", lambda session: session.utf8())

    def capa(self) -> _Capabilities:
        """CAPA; return what the server can do: name to arguments."""

        def read(session: Session) -> _Long:
            response = session.capa()
            return unescaped(response.response), [unescaped(capability.line) for capability in response.capabilities], 0

        try:
            lines = self._run("CAPA", read)[1]
        except error_proto:
            raise error_proto("-ERR CAPA not supported by server") from None
        words = [line.decode("ascii").split() for line in lines]
        return {word[0]: word[1:] for word in words}

    def stls(self, context: ssl.SSLContext | None = None) -> bytes:
        """STLS: begin TLS; return the status line."""
        if self._tls_established:
            raise error_proto("-ERR TLS session already established")
        if "STLS" not in self.capa():
            raise error_proto("-ERR STLS not supported by server")
        options = _tls(context)
        response = self._short("STLS", lambda session: session.stls(options).response)
        self._tls_established = True
        return response


class POP3_SSL(POP3):
    """A connection by TLS from its first octet. `keyfile` and `certfile` are PEM files to present to the server."""

    def __init__(
        self,
        host: str,
        port: int = POP3_SSL_PORT,
        keyfile: str | None = None,
        certfile: str | None = None,
        timeout: float | None = _GLOBAL_DEFAULT_TIMEOUT,
        context: ssl.SSLContext | None = None,
        *,
        gateway: str | Client | None = None,
    ) -> None:
        if context is not None and keyfile is not None:
            raise ValueError("context and keyfile arguments are mutually exclusive")
        if context is not None and certfile is not None:
            raise ValueError("context and certfile arguments are mutually exclusive")
        self.keyfile = keyfile
        self.certfile = certfile
        self.context = context
        options = _tls(context)
        options.mode = TLS_MODE_IMPLICIT
        if certfile is not None:
            options.client_certificate_pem = pathlib.Path(certfile).read_text(encoding="ascii")
            options.client_key_pem = pathlib.Path(keyfile or certfile).read_text(encoding="ascii")
        elif keyfile is not None:
            raise ValueError("certfile must be specified")
        self._open(host, port, timeout, gateway, options, tls=True)

    def stls(  # type: ignore[override]  # as poplib has it
        self, keyfile: Any = None, certfile: Any = None, context: ssl.SSLContext | None = None
    ) -> bytes:
        """Raise error_proto: TLS is on."""
        raise error_proto("-ERR TLS session already established")


def _target() -> str:
    try:
        return os.environ["POPGATE_TARGET"]
    except KeyError:
        raise ValueError("where is the gateway? Give gateway=, or set POPGATE_TARGET to host:port") from None


def _tls(context: ssl.SSLContext | None) -> TlsOptions:
    """Describe TLS as the caller, or else `default_context`, wants it."""
    if context is None and default_context is not None:
        context = default_context()
    return tls_options(context) if context is not None else TlsOptions()


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration
