"""Whole messages of a mailbox, as iterators: Fetch deletes none, Collect those that are settled for deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Literal
from zlib import crc32

from .errors import Error, IntegrityError, decoded
from .v1 import mailbox_service_pb2 as pb
from .v1.error_pb2 import CommitOutcome
from .v1.mailbox_service_pb2_grpc import MailboxServiceStub
from .v1.server_pb2 import Credentials

Settlement = Literal["delete", "keep"]

_DISPOSITIONS: dict[Settlement, pb.Disposition.ValueType] = {"delete": pb.DISPOSITION_DELETE, "keep": pb.DISPOSITION_KEEP}


@dataclass(slots=True)  # not frozen, which takes four times as long to make
class Message:
    """A whole message, its octets and CRC-32 checked.

    Store it under `unique_id` and `sha256` together: what is delivered twice then is stored once.
    """

    delivery_id: int
    """Counts the messages of the call from 1."""
    number: int
    """Message number, good for one login only."""
    unique_id: str
    """Unique-id, escaped as all texts of servers."""
    id_kind: pb.UniqueIdKind.ValueType
    """What the unique-id is worth."""
    data: bytes
    """The message byte for byte, dot-unstuffed."""
    sha256: bytes
    """SHA-256 of `data`, 32 octets; empty if it was left out."""


class Delivery:
    """Puts messages together from the parts of a stream.

    Attributes:
        progress: what there is to do, once the maildrop is listed.
        cursor: the last cursor that came, or None. It knows no message that the loop has not reached.
        undelivered: parts with `failure` or `skipped`: messages that the server refused, or that are larger than `max_octets`.
        summary: what the call came to, at its end.
    """

    def __init__(self) -> None:
        self.progress: pb.Progress | None = None
        self.cursor: bytes | None = None
        self.undelivered: list[pb.Part] = []
        self.summary: pb.Summary | None = None
        self._parts: Iterator[pb.Part] = iter(())
        self._start = pb.PartStart()
        self._data: list[bytes] = []
        self._id = 0  # of the message that is under way

    def _next_whole(self) -> Message | None:
        """Return the next message of the last response, or None if that has no more."""
        for part in self._parts:
            if message := self._add(part):
                return message
        return None

    def _take(self, response: Any) -> None:
        """Take a response, when all messages of the one before have been returned."""
        self._parts = iter(response.parts)
        self._note(response)

    def _add(self, part: pb.Part) -> Message | None:
        # A small message is one part: what is done for each of many is done first, and no more.
        if part.HasField("start"):
            self._end()
            self._start, self._data, self._id = part.start, [], part.delivery_id
        elif part.delivery_id != self._id:
            raise IntegrityError(f"delivery {part.delivery_id} has no start")
        if not part.HasField("end"):
            if part.HasField("failure") or part.HasField("skipped"):
                self._id = 0
                self.undelivered.append(part)
            else:
                self._data.append(part.data)
            return None
        self._data.append(part.data)
        data, start, end = b"".join(self._data), self._start, part.end
        self._data, self._id = [], 0
        if len(data) != end.octets or crc32(data) != end.crc32:
            raise IntegrityError(f"{len(data)} octets came, {end.octets} were sent, or their CRC-32 differs")
        return Message(part.delivery_id, start.message_number, start.unique_id, start.id_kind, data, end.sha256)

    def _drop(self) -> None:
        """Drop what is under way: behind a damaged message nothing is returned, lest its cursor is stored, which knows that one."""
        self._parts, self._id = iter(()), 0

    def _end(self) -> None:
        """Raise IntegrityError if a message is under way: it has no end."""
        if self._id:
            raise IntegrityError("a message ended before it was whole")

    def _note(self, response: Any) -> None:
        if response.HasField("progress"):
            self.progress = response.progress
        if response.HasField("cursor"):
            self.cursor = response.cursor
        if response.HasField("summary"):
            self.summary = response.summary


class _Stream(Delivery, Iterator[Message]):
    """A delivery that waits for the responses."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def __next__(self) -> Message:
        try:
            while not (message := self._next_whole()):
                self._receive()
        except BaseException:
            self.close()
            raise
        return message

    def _receive(self) -> None:
        """Take the next response; StopIteration at the end of the call."""
        with decoded():
            try:
                response = next(self._stream)
            except StopIteration:  # it is ours, too
                self._end()
                raise
        self._take(response)

    def close(self) -> None:
        """Give the call up. It may be repeated, and does nothing at the end of the call."""
        self._drop()
        self._stream.cancel()


class Fetch(_Stream):
    """The messages that `Client.fetch` asked for. None is deleted. Leaving `with` gives the rest up."""

    def __enter__(self) -> Fetch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Collect(_Stream):
    """The messages that `Client.collect` asked for, deleted when they are settled for it.

    With `settle="delete"` or `"keep"` a message is settled when the loop asks for the next one: its body was left without an
    error, or by `continue`. A message whose body raised, or which `break` left, is not settled and stays on the server. With
    `settle=None` only `settle()` does it; it also overrides what the loop would do, as the first settlement of a message stands.
    A message that is not settled for 10 minutes ends the call with UNSETTLED.

    When `with` ends early, by `break` or an Exception, what was settled is committed before it is left. Without `with`, or by
    another exception such as KeyboardInterrupt, the call is given up: what no commit has told stays on the server and comes
    again.

    Attributes, beside those of Fetch:
        outcome: name of the last commit's CommitOutcome without its prefix, such as "COMMITTED", or empty.
    """

    def __init__(
        self,
        stub: MailboxServiceStub,
        opening: pb.CollectOpen,
        settle: Settlement | None,
        on_commit: Callable[[pb.Commit], object] | None,
        timeout: float | None,
    ) -> None:
        self.outcome = ""
        self._settle = settle
        self._on_commit = on_commit
        self._current: int | None = None
        self._over = False
        requests: SimpleQueue[pb.CollectMessagesRequest | None] = SimpleQueue()
        requests.put(pb.CollectMessagesRequest(open=opening))
        self._requests = requests
        super().__init__(stub.CollectMessages(iter(requests.get, None), timeout=timeout))
        # Lets gRPC's thread that reads the requests end, however the call does. Before that it would half-close.
        if not self._stream.add_callback(lambda: requests.put(None)):
            requests.put(None)

    def __next__(self) -> Message:
        current, self._current = self._current, None
        if current is not None and self._settle is not None:
            self._say_settled(current, self._settle)
        message = super().__next__()
        self._current = message.delivery_id
        return message

    def settle(self, message: Message, settlement: Settlement) -> None:
        """Say that a message is stored durably and may go ("delete"), or was seen and is to stay ("keep")."""
        self._say_settled(message.delivery_id, settlement)

    def _say_settled(self, delivery_id: int, settlement: Settlement) -> None:
        self._requests.put(settle_request(delivery_id, settlement))

    def renew(self, credentials: Credentials) -> None:
        """Give a fresh secret of the same user, such as an access token, for the next login inside the call."""
        self._requests.put(pb.CollectMessagesRequest(credentials=credentials))

    def _note(self, response: pb.CollectMessagesResponse) -> None:
        super()._note(response)
        if response.HasField("commit"):
            self.outcome = outcome_name(response.commit)
            if self._on_commit is not None:
                self._on_commit(response.commit)

    def close(self) -> None:
        """Give the call up: what no commit has told stays on the server. It does nothing at the end of the call."""
        self._over = True
        super().close()

    def finish(self) -> None:
        """Commit what is settled, leave the rest on the server, and end the call. Errors are Error, save that UNSETTLED is none."""
        if self._over:
            return
        self._requests.put(None)  # half-closes; what is settled behind it is not said
        self._current = None
        try:
            while True:
                self._drop()  # what was under way is passed over, whole or not
                self._receive()
        except StopIteration:
            pass
        except Error as error:
            if error.reason != "UNSETTLED":
                raise
        finally:
            self.close()

    def __enter__(self) -> Collect:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.finish()
            elif issubclass(kind, Exception):
                with suppress(Error):  # the body's own error tells more
                    self.finish()
        finally:
            self.close()


def settle_request(delivery_id: int, settlement: Settlement) -> pb.CollectMessagesRequest:
    """Make the request that settles one message."""
    settle = pb.Settle(delivery_ids=[delivery_id], disposition=_DISPOSITIONS[settlement])
    return pb.CollectMessagesRequest(settle=settle)


def outcome_name(commit: pb.Commit) -> str:
    """Name what QUIT came to, without the prefix."""
    return CommitOutcome.Name(commit.outcome).removeprefix("COMMIT_OUTCOME_")
