"""A session: one connection to a POP3 server, a method a command."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import grpc

from .errors import Error, IntegrityError, decoded
from .v1 import pop3_service_pb2 as pb
from .v1.pop3_service_pb2_grpc import Pop3ServiceStub
from .v1.server_pb2 import Credentials, Server, TlsOptions

CLOSE_TIMEOUT = 10.0
"""Seconds that Session.close takes at most. Nothing depends on the gateway's answer, so a silent one does not hold up the caller."""

_BUFFER = 256 << 10  # octets; as much as the gateway puts into a stream element, twice
HEADER = "pop3-session"

_Response = TypeVar("_Response")


class _Piece(Protocol):
    """What RetrResponse and TopResponse have in common."""

    response: str
    data: bytes
    octets: int
    crc32: int

    def HasField(self, field_name: Any) -> bool: ...


def close_timeout(timeout: float | None) -> float:
    """Return the deadline of CloseSession, where this is that of other calls."""
    return CLOSE_TIMEOUT if timeout is None else min(timeout, CLOSE_TIMEOUT)


class Totals:
    """Counts what comes of a message, and compares it with what the last piece says was sent."""

    def __init__(self) -> None:
        self._octets = self._crc32 = 0
        self._whole = False

    def add(self, piece: _Piece) -> None:
        """Count a piece; IntegrityError if it is the last and the totals differ, or if it comes behind the last."""
        if self._whole:
            raise IntegrityError("the stream goes on behind the message")
        self._octets += len(piece.data)
        self._crc32 = zlib.crc32(piece.data, self._crc32)
        if piece.HasField("octets"):
            if (piece.octets, piece.crc32) != (self._octets, self._crc32):
                raise IntegrityError(f"{self._octets} octets came, {piece.octets} were sent, or their CRC-32 differs")
            self._whole = True

    def end(self) -> None:
        """Raise IntegrityError unless the last piece has come."""
        if not self._whole:
            raise IntegrityError("the stream ended before the message")


class _Pieces(io.RawIOBase):
    """The data of a stream of pieces, whose end is only reached if the totals agree."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._rest = memoryview(b"")
        self._totals = Totals()
        self._ended = False
        self.response = self._next().response

    def _next(self) -> _Piece:
        with decoded():
            piece: _Piece | None = next(self._stream, None)
        if piece is None:
            self._totals.end()  # raises again at each further read
            self._ended, self._rest = True, memoryview(b"")
            return pb.RetrResponse()
        self._totals.add(piece)
        self._rest = memoryview(piece.data)
        return piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest and not self._ended:
            self._next()
        count = min(len(self._rest), len(buffer))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def readall(self) -> bytes:
        whole = [bytes(self._rest)]
        while not self._ended:
            self._next()
            whole.append(bytes(self._rest))
        return b"".join(whole)

    def close(self) -> None:
        if not self.closed:
            self._stream.cancel()
        super().close()


class MessageFile(io.BufferedReader):
    """A message as it comes, as a binary file: `read`, `readline`, `readinto`, and lines by iteration; closed by `with`.

    It is the message byte for byte, dot-unstuffed, with its line ends. The end of the file is only reached if the message came
    whole: a broken connection is Error, wrong octets or a wrong CRC-32 are IntegrityError, in the read that meets them. Read it to
    its end or close it before the session's next call: the session is sequential.

    Attributes:
        response: the server's status line.
    """

    def __init__(self, stream: Any) -> None:
        raw = _Pieces(stream)
        super().__init__(raw, _BUFFER)
        self.response = raw.response

    def chunks(self) -> Iterator[bytes]:
        """Iterate over the rest in pieces of up to 256 KiB, which is the fastest way to copy a message."""
        while chunk := self.read1(_BUFFER):
            yield chunk


class Session:
    """A connection to a POP3 server, until `close`, which is also what the end of `with` does. `Client.session` opens it.

    Each command is a method; what it sends, and which reasons it can fail for, is at the RPC of the same name in
    popgate/v1/pop3_service.proto. Errors are Error. Only `quit` sends QUIT: whatever else ends a session removes nothing.
    Calls of one session wait for each other; use it from one thread at a time.

    Attributes:
        id: the session's name, a secret.
        opened: the gateway's answer: the greeting (`response`), `tls`, `replica`, `idle_timeout`, `max_age`.
    """

    def __init__(self, stub: Pop3ServiceStub, server: Server, timeout: float | None) -> None:
        self._stub = stub
        self._timeout = timeout
        with decoded():
            self.opened, call = stub.OpenSession.with_call(pb.OpenSessionRequest(server=server), timeout=timeout)
        self.id = self.opened.session_id
        # A proxy may have put its own value into the header, and routes by what comes back.
        header = dict(call.initial_metadata() or ()).get(HEADER, self.id)
        self._metadata = ((HEADER, header),)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session without QUIT, whatever is running: nothing is removed. It does not fail, and may be repeated.

        It takes 10 seconds at most (CLOSE_TIMEOUT), or the client's `timeout` where that is less. Where the gateway is silent the
        session counts as closed then, and ends by its idle time-out.
        """
        request = pb.CloseSessionRequest(session_id=self.id)
        with suppress(Error, ValueError), decoded():  # ValueError is gRPC's, where the channel is closed
            self._stub.CloseSession(request, timeout=close_timeout(self._timeout), metadata=self._metadata)

    def _call(self, method: Callable[..., _Response], request: Any) -> _Response:
        with decoded():
            return method(request, timeout=self._timeout, metadata=self._metadata)

    def _file(self, method: Callable[..., Any], request: Any) -> MessageFile:
        return MessageFile(method(request, metadata=self._metadata))

    def get_welcome(self) -> str:
        """Return the greeting."""
        return self._call(self._stub.GetWelcome, pb.GetWelcomeRequest(session_id=self.id)).response

    def capa(self) -> pb.CapaResponse:
        """CAPA: what the server can do."""
        return self._call(self._stub.Capa, pb.CapaRequest(session_id=self.id))

    def stls(self, tls: TlsOptions | None = None) -> pb.StlsResponse:
        """STLS: begin TLS, verified as `tls` says, by default by the host's name and the gateway's roots."""
        return self._call(self._stub.Stls, pb.StlsRequest(session_id=self.id, tls=tls))

    def utf8(self) -> str:
        """UTF8; return the status line."""
        return self._call(self._stub.Utf8, pb.Utf8Request(session_id=self.id)).response

    def lang(self, tag: str | None = None) -> pb.LangResponse:
        """LANG: choose the language of the server's texts, or list them."""
        return self._call(self._stub.Lang, pb.LangRequest(session_id=self.id, tag=tag))

    def login(self, username: str, password: str) -> str:
        """USER and PASS; return the status line of PASS. `auth` is safer where the server has SASL."""
        self.user(username)
        return self.pass_(password)

    def auth(self, credentials: Credentials) -> pb.AuthResponse:
        """AUTH: log in by SASL, by default with the strongest mechanism that both sides have."""
        return self._call(self._stub.Auth, pb.AuthRequest(session_id=self.id, credentials=credentials))

    def user(self, username: str) -> str:
        """USER; return the status line."""
        return self._call(self._stub.User, pb.UserRequest(session_id=self.id, username=username)).response

    def pass_(self, password: str) -> str:
        """PASS; return the status line."""
        return self._call(self._stub.Pass, pb.PassRequest(session_id=self.id, password=password)).response

    def apop(self, username: str, secret: str) -> str:
        """APOP; return the status line. The secret does not go over the wire."""
        return self._call(self._stub.Apop, pb.ApopRequest(session_id=self.id, username=username, secret=secret)).response

    def rpop(self, username: str) -> str:
        """RPOP; return the status line."""
        return self._call(self._stub.Rpop, pb.RpopRequest(session_id=self.id, username=username)).response

    def stat(self) -> pb.StatResponse:
        """STAT: `message_count` and `octets` of the maildrop."""
        return self._call(self._stub.Stat, pb.StatRequest(session_id=self.id))

    def list(self, number: int | None = None) -> Iterator[pb.ListResponse]:
        """LIST: the octets of each message, or of one, in batches: `response` first, `entries`, `octets` last."""
        return self._stream(self._stub.List, pb.ListRequest(session_id=self.id, message_number=number))

    def uidl(self, number: int | None = None) -> Iterator[pb.UidlResponse]:
        """UIDL: the unique-id of each message, or of one, in batches as those of `list`."""
        return self._stream(self._stub.Uidl, pb.UidlRequest(session_id=self.id, message_number=number))

    def _stream(self, method: Callable[..., Iterator[_Response]], request: Any) -> Iterator[_Response]:
        with decoded():
            yield from method(request, metadata=self._metadata)

    def retr(self, number: int, *, max_octets: int | None = None) -> MessageFile:
        """RETR: a message of any size. One that LIST says is larger than `max_octets` is MESSAGE_TOO_LARGE."""
        request = pb.RetrRequest(session_id=self.id, message_number=number, max_octets=max_octets)
        return self._file(self._stub.Retr, request)

    def top(self, number: int, lines: int = 0) -> MessageFile:
        """TOP: the header and so many lines of the body. Never take it for the whole message."""
        return self._file(self._stub.Top, pb.TopRequest(session_id=self.id, message_number=number, lines=lines))

    def dele(self, number: int, *, if_unique_id: str | None = None) -> str:
        """DELE: mark a message, if it has this unique-id; return the status line. `quit` removes it."""
        request = pb.DeleRequest(session_id=self.id, message_number=number, if_unique_id=if_unique_id)
        return self._call(self._stub.Dele, request).response

    def rset(self) -> str:
        """RSET: take all marks back; return the status line."""
        return self._call(self._stub.Rset, pb.RsetRequest(session_id=self.id)).response

    def noop(self) -> str:
        """NOOP; return the status line."""
        return self._call(self._stub.Noop, pb.NoopRequest(session_id=self.id)).response

    def quit(self) -> pb.QuitResponse:
        """QUIT: have the marked messages removed; `outcome` says whether any were.

        Repeating it sends nothing and gets the same answer, so after a lost reply call it again.
        """
        return self._call(self._stub.Quit, pb.QuitRequest(session_id=self.id))
