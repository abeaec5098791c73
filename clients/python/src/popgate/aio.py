"""The same for asyncio: `connect`, `Client`, `Session`, `Fetch`, `Collect`, with `async with`, `async for` and `await`.

What each does, and what can go wrong, is at its namesake in popgate. A call whose task is cancelled is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import grpc.aio

from ._aio_session import MessageFile, Session
from .channel import Options, WithToken, is_local, with_defaults
from .client import TIMEOUT, as_server, select
from .errors import Error, decoded
from .mailbox import Delivery, Message, Settlement, outcome_name, settle_request
from .v1 import mailbox_service_pb2 as pb
from .v1.mailbox_service_pb2_grpc import MailboxServiceStub
from .v1.pop3_service_pb2_grpc import Pop3ServiceStub
from .v1.server_pb2 import Credentials, Server

if TYPE_CHECKING:
    from .v1.mailbox_service_pb2_grpc import MailboxServiceAsyncStub
    from .v1.pop3_service_pb2_grpc import Pop3ServiceAsyncStub

__all__ = ["Client", "Collect", "Fetch", "MessageFile", "Session", "connect"]


def connect(
    target: str,
    credentials: grpc.ChannelCredentials | None = None,
    *,
    token: str | None = None,
    insecure: bool = False,
    options: Options = (),
) -> Client:
    """Open a channel to the gateway, as popgate.connect does. To be called where the event loop runs."""
    options = with_defaults(options, target)
    if credentials is None and (insecure or is_local(target)):
        channel = grpc.aio.insecure_channel(target, options=options)
    else:
        channel = grpc.aio.secure_channel(target, credentials or grpc.ssl_channel_credentials(), options=options)
    return Client(channel if token is None else cast(grpc.aio.Channel, WithToken(channel, token)))


class _Stream(Delivery, AsyncIterator[Message]):
    """A delivery that waits for the responses."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self._closed = False

    async def __anext__(self) -> Message:
        if self._closed:  # gRPC would raise CancelledError, as if the task was cancelled
            raise StopAsyncIteration
        try:
            while not (message := self._next_whole()):
                if not await self._receive():
                    raise StopAsyncIteration
        except BaseException:
            self.close()
            raise
        return message

    async def _receive(self) -> bool:
        """Take the next response; False at the end of the call."""
        with decoded():
            response = await self._stream.read()
        if response is grpc.aio.EOF:
            self._end()
            return False
        self._take(response)
        return True

    def close(self) -> None:
        """Give the call up."""
        self._closed = True
        self._drop()
        self._stream.cancel()

    def __del__(self) -> None:
        self._stream.cancel()  # where a loop without `async with` was left; gRPC would do it at the next garbage collection


class Fetch(_Stream):
    """The messages that `Client.fetch` asked for; see popgate.Fetch."""

    async def __aenter__(self) -> Fetch:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Collect(_Stream):
    """The messages that `Client.collect` asked for; when which is settled and deleted popgate.Collect says."""

    def __init__(
        self, stream: Any, opening: pb.CollectOpen, settle: Settlement | None, on_commit: Callable[[pb.Commit], object] | None
    ) -> None:
        super().__init__(stream)
        self.outcome = ""
        self._opening: pb.CollectOpen | None = opening
        self._settle = settle
        self._on_commit = on_commit
        self._current: int | None = None
        self._half_closed = False

    async def _say(self, request: pb.CollectMessagesRequest) -> None:
        # Where the call is over the next read says why.
        if self._half_closed:
            return
        try:
            with suppress(asyncio.InvalidStateError, grpc.RpcError, grpc.aio.InternalError):
                await _write(self._stream, request)
        except asyncio.CancelledError:
            self.close()
            raise

    async def __anext__(self) -> Message:
        if self._opening is not None:
            opening, self._opening = self._opening, None
            await self._say(pb.CollectMessagesRequest(open=opening))
        current, self._current = self._current, None
        if current is not None and self._settle is not None:
            await self._say(settle_request(current, self._settle))
        message = await super().__anext__()
        self._current = message.delivery_id
        return message

    async def settle(self, message: Message, settlement: Settlement) -> None:
        """Say that a message is stored durably and may go ("delete"), or was seen and is to stay ("keep")."""
        await self._say(settle_request(message.delivery_id, settlement))

    async def renew(self, credentials: Credentials) -> None:
        """Give a fresh secret of the same user for the next login inside the call."""
        await self._say(pb.CollectMessagesRequest(credentials=credentials))

    def _note(self, response: pb.CollectMessagesResponse) -> None:
        super()._note(response)
        if response.HasField("commit"):
            self.outcome = outcome_name(response.commit)
            if self._on_commit is not None:
                self._on_commit(response.commit)

    async def finish(self) -> None:
        """Commit what is settled, leave the rest on the server, and end the call."""
        if self._opening is not None or self._closed:  # one that has ended, but was not read to its end, has an error to tell
            return
        self._current, self._half_closed = None, True  # what is settled behind it is not said
        with suppress(asyncio.InvalidStateError, grpc.RpcError, grpc.aio.InternalError):
            await self._stream.done_writing()
        try:
            self._drop()  # what was under way is passed over, whole or not
            while await self._receive():
                self._drop()
        except Error as error:
            if error.reason != "UNSETTLED":
                raise
        finally:
            self.close()

    async def __aenter__(self) -> Collect:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                await self.finish()
            elif issubclass(kind, Exception):
                with suppress(Error):  # the body's own error tells more
                    await self.finish()
        finally:
            self.close()


async def _write(stream: Any, request: pb.CollectMessagesRequest) -> None:
    """Write a request. To a call that the gateway has ended gRPC's own `write` gives the status INTERNAL, and what came is lost."""
    call = getattr(stream, "_cython_call", None)
    if call is None:  # behind an interceptor
        await stream.write(request)
    elif not stream.done():
        await stream.wait_for_connection()
        await call.send_serialized_message(request.SerializeToString())


class Client:
    """A gateway; see popgate.Client."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout: float | None = TIMEOUT) -> None:
        self._channel = channel
        self.pop3: Pop3ServiceAsyncStub = Pop3ServiceStub(channel)
        self.mailbox: MailboxServiceAsyncStub = MailboxServiceStub(channel)
        self.timeout = timeout

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()

    async def session(self, server: str | Server) -> Session:
        """Connect to a POP3 server: `async with await client.session("pop.example.com") as session`."""
        return await Session(self.pop3, self.timeout)._open(as_server(server))

    def fetch(
        self,
        server: str | Server,
        credentials: Credentials,
        *,
        cursor: bytes = b"",
        everything: bool = False,
        unique_ids: Iterable[str] | None = None,
        seen_unique_ids: Iterable[str] = (),
        max_octets: int | None = None,
        max_messages: int | None = None,
        newest_first: bool = False,
        header_lines: int | None = None,
        timeout: float | None = None,
    ) -> Fetch:
        """Iterate over the messages that are new, and delete none; see popgate.Client.fetch."""
        request = pb.FetchMessagesRequest(
            server=as_server(server),
            credentials=credentials,
            seen_unique_ids=seen_unique_ids,
            max_octets=max_octets,
            max_messages=max_messages,
            newest_first=newest_first,
            header_lines=header_lines,
        )
        select(request, cursor, everything, unique_ids)
        return Fetch(self.mailbox.FetchMessages(request, timeout=timeout))

    def collect(
        self,
        server: str | Server,
        credentials: Credentials,
        *,
        settle: Settlement | None = "delete",
        cursor: bytes = b"",
        everything: bool = False,
        unique_ids: Iterable[str] | None = None,
        max_octets: int | None = None,
        max_messages: int | None = None,
        on_commit: Callable[[pb.Commit], object] | None = None,
        timeout: float | None = None,
    ) -> Collect:
        """Iterate over the messages that are new, and have each deleted; see popgate.Client.collect."""
        fetch = pb.FetchMessagesRequest(
            server=as_server(server), credentials=credentials, max_octets=max_octets, max_messages=max_messages
        )
        select(fetch, cursor, everything, unique_ids)
        return Collect(self.mailbox.CollectMessages(timeout=timeout), pb.CollectOpen(fetch=fetch), settle, on_commit)
