"""A session for asyncio; see popgate.Session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

import grpc.aio

from .errors import Error, decoded
from .session import HEADER, Totals, close_timeout
from .v1 import pop3_service_pb2 as pb
from .v1.server_pb2 import Credentials, Server, TlsOptions

if TYPE_CHECKING:
    from .v1.pop3_service_pb2_grpc import Pop3ServiceAsyncStub

_Response = TypeVar("_Response")


class MessageFile(AsyncIterator[bytes]):
    """A message as it comes: pieces by `async for`, the rest by `read`. Its end is only reached if it came whole.

    Attributes:
        response: the server's status line.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._totals = Totals()
        self._first: bytes | None = None
        self._closed = False
        self.response = ""

    async def _begin(self) -> MessageFile:
        piece = await self._next()
        self.response, self._first = piece.response, piece.data
        return self

    async def _next(self) -> Any:
        with decoded():
            piece = await self._stream.read()
        if piece is grpc.aio.EOF:
            self._totals.end()
            raise StopAsyncIteration
        self._totals.add(piece)
        return piece

    async def __anext__(self) -> bytes:
        if self._closed:  # gRPC would raise CancelledError, as if the task was cancelled
            raise ValueError("the message is closed")
        first, self._first = self._first, None
        if first is not None:
            return first
        return cast(bytes, (await self._next()).data)

    async def read(self) -> bytes:
        """Return the rest of the message."""
        return b"".join([piece async for piece in self])

    async def __aenter__(self) -> MessageFile:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed = True
        self._stream.cancel()

    def __del__(self) -> None:
        self._stream.cancel()  # where a loop without `async with` was left


class Session:
    """A connection to a POP3 server, with the methods of popgate.Session; `async with` ends it without QUIT."""

    def __init__(self, stub: Pop3ServiceAsyncStub, timeout: float | None) -> None:
        self._stub = stub
        self._timeout = timeout
        self.opened = pb.OpenSessionResponse()
        self.id = ""
        self._metadata: tuple[tuple[str, str], ...] = ()

    async def _open(self, server: Server) -> Session:
        with decoded():
            call = self._stub.OpenSession(pb.OpenSessionRequest(server=server), timeout=self._timeout)
            self.opened = await call
            headers = await call.initial_metadata()
        self.id = self.opened.session_id
        self._metadata = ((HEADER, str(headers.get(HEADER, self.id))),)
        return self

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the session without QUIT. It takes 10 seconds at most."""
        request = pb.CloseSessionRequest(session_id=self.id)
        with suppress(Error, grpc.aio.UsageError), decoded():  # UsageError is gRPC's, where the channel is closed
            await self._stub.CloseSession(request, timeout=close_timeout(self._timeout), metadata=self._metadata)

    async def _call(self, method: Callable[..., Awaitable[_Response]], request: Any) -> _Response:
        with decoded():
            return await method(request, timeout=self._timeout, metadata=self._metadata)

    async def _file(self, method: Callable[..., Any], request: Any) -> MessageFile:
        return await MessageFile(method(request, metadata=self._metadata))._begin()

    async def _stream(self, method: Callable[..., Any], request: Any) -> AsyncIterator[Any]:
        call = method(request, metadata=self._metadata)
        try:
            with decoded():
                async for response in call:
                    yield response
        finally:
            call.cancel()  # gRPC would do it at the next garbage collection, and the session's next call waits until then

    async def get_welcome(self) -> str:
        """Return the greeting."""
        return (await self._call(self._stub.GetWelcome, pb.GetWelcomeRequest(session_id=self.id))).response

    async def capa(self) -> pb.CapaResponse:
        """CAPA."""
        return await self._call(self._stub.Capa, pb.CapaRequest(session_id=self.id))

    async def stls(self, tls: TlsOptions | None = None) -> pb.StlsResponse:
        """STLS."""
        return await self._call(self._stub.Stls, pb.StlsRequest(session_id=self.id, tls=tls))

    async def utf8(self) -> str:
        """UTF8."""
        return (await self._call(self._stub.Utf8, pb.Utf8Request(session_id=self.id))).response

    async def lang(self, tag: str | None = None) -> pb.LangResponse:
        """LANG."""
        return await self._call(self._stub.Lang, pb.LangRequest(session_id=self.id, tag=tag))

    async def login(self, username: str, password: str) -> str:
        """USER and PASS."""
        await self.user(username)
        return await self.pass_(password)

    async def auth(self, credentials: Credentials) -> pb.AuthResponse:
        """AUTH."""
        return await self._call(self._stub.Auth, pb.AuthRequest(session_id=self.id, credentials=credentials))

    async def user(self, username: str) -> str:
        """USER."""
        return (await self._call(self._stub.User, pb.UserRequest(session_id=self.id, username=username))).response

    async def pass_(self, password: str) -> str:
        """PASS."""
        return (await self._call(self._stub.Pass, pb.PassRequest(session_id=self.id, password=password))).response

    async def apop(self, username: str, secret: str) -> str:
        """APOP."""
        request = pb.ApopRequest(session_id=self.id, username=username, secret=secret)
        return (await self._call(self._stub.Apop, request)).response

    async def rpop(self, username: str) -> str:
        """RPOP."""
        return (await self._call(self._stub.Rpop, pb.RpopRequest(session_id=self.id, username=username))).response

    async def stat(self) -> pb.StatResponse:
        """STAT."""
        return await self._call(self._stub.Stat, pb.StatRequest(session_id=self.id))

    def list(self, number: int | None = None) -> AsyncIterator[pb.ListResponse]:
        """LIST."""
        return self._stream(self._stub.List, pb.ListRequest(session_id=self.id, message_number=number))

    def uidl(self, number: int | None = None) -> AsyncIterator[pb.UidlResponse]:
        """UIDL."""
        return self._stream(self._stub.Uidl, pb.UidlRequest(session_id=self.id, message_number=number))

    async def retr(self, number: int, *, max_octets: int | None = None) -> MessageFile:
        """RETR."""
        request = pb.RetrRequest(session_id=self.id, message_number=number, max_octets=max_octets)
        return await self._file(self._stub.Retr, request)

    async def top(self, number: int, lines: int = 0) -> MessageFile:
        """TOP."""
        return await self._file(self._stub.Top, pb.TopRequest(session_id=self.id, message_number=number, lines=lines))

    async def dele(self, number: int, *, if_unique_id: str | None = None) -> str:
        """DELE."""
        request = pb.DeleRequest(session_id=self.id, message_number=number, if_unique_id=if_unique_id)
        return (await self._call(self._stub.Dele, request)).response

    async def rset(self) -> str:
        """RSET."""
        return (await self._call(self._stub.Rset, pb.RsetRequest(session_id=self.id))).response

    async def noop(self) -> str:
        """NOOP."""
        return (await self._call(self._stub.Noop, pb.NoopRequest(session_id=self.id))).response

    async def quit(self) -> pb.QuitResponse:
        """QUIT."""
        return await self._call(self._stub.Quit, pb.QuitRequest(session_id=self.id))
