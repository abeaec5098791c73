"""The hand-written layer, against `popgate demo`: a gateway with a sample mailbox of five messages."""

from __future__ import annotations

import hashlib
import threading
import unittest
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import grpc

import popgate
from popgate.session import MessageFile
from popgate.v1 import error_pb2, mailbox_service_pb2, pop3_service_pb2
from tests.support import ALICE, await_free, demo, once_free


class Recorder(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor
):
    """Notes the method and the metadata of each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []

    def _note(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        self.calls.append((details.method.rpartition("/")[2], dict(details.metadata or ())))
        return continuation(details, request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_stream = _note


class DemoTest(unittest.TestCase):
    def setUp(self) -> None:
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.target, self.server = stack.enter_context(demo())
        self.recorder = Recorder()
        channel = grpc.intercept_channel(grpc.insecure_channel(self.target), self.recorder)
        self.client = stack.enter_context(popgate.Client(channel, timeout=60))

    def count(self) -> int:
        """Ask how many messages the mailbox has, which is free afterwards."""
        return once_free(self.counted)

    def counted(self) -> int:
        with self.client.session(self.server) as session:
            session.auth(ALICE)
            count = session.stat().message_count
            session.quit()
            return count

    def fetched(self, **wanted: Any) -> list[popgate.Message]:
        """Fetch from the mailbox, which is free afterwards."""
        messages = once_free(lambda: list(self.client.fetch(self.server, ALICE, timeout=60, **wanted)))
        await_free(self.server)
        return messages


class SessionTest(DemoTest):
    def test_close_without_quit(self) -> None:
        with self.client.session(self.server) as session:
            session.login("alice", "secret")
            session.dele(1)
        self.assertEqual([name for name, _ in self.recorder.calls], ["OpenSession", "User", "Pass", "Dele", "CloseSession"])
        self.assertEqual(self.count(), 5)

    def test_close_on_error(self) -> None:
        with self.assertRaises(ZeroDivisionError), self.client.session(self.server) as session:
            raise ZeroDivisionError
        with self.assertRaises(popgate.Error) as caught:
            session.noop()
        self.assertEqual((caught.exception.reason, caught.exception.cause), ("SESSION_ENDED", "CLOSED"))
        session.close()  # may be repeated

    def test_header_is_echoed(self) -> None:
        with self.client.session(self.server) as session:
            session.auth(ALICE)
            session.retr(1).close()
            list(session.list())
        self.assertEqual([header.get("pop3-session") for _, header in self.recorder.calls], [None] + [session.id] * 4)

    def test_header_of_a_proxy_is_echoed(self) -> None:
        opened = pop3_service_pb2.OpenSessionResponse(session_id="id")
        call = SimpleNamespace(initial_metadata=lambda: (("pop3-session", "route"),))
        seen = []

        def noop(request: Any, **keywords: Any) -> Any:
            seen.append((request.session_id, keywords["metadata"]))
            return pop3_service_pb2.NoopResponse(response="+OK")

        stub: Any = SimpleNamespace(
            OpenSession=SimpleNamespace(with_call=lambda *_, **__: (opened, call)), Noop=noop, CloseSession=noop
        )
        popgate.Session(stub, self.server, None).noop()
        self.assertEqual(seen, [("id", (("pop3-session", "route"),))])

    def test_quit_commits(self) -> None:
        with self.client.session(self.server) as session:
            session.apop("alice", "secret")
            names = [entry.unique_id for batch in session.uidl() for entry in batch.entries]
            with self.assertRaises(popgate.Error) as caught:
                session.dele(1, if_unique_id=names[1])
            self.assertEqual(caught.exception.reason, "UNIQUE_ID_MISMATCH")
            session.dele(1, if_unique_id=names[0])
            self.assertEqual(session.quit().outcome, error_pb2.COMMIT_OUTCOME_COMMITTED)
            self.assertTrue(session.quit().replayed)
        self.assertEqual([message.unique_id for message in self.fetched()], names[1:])

    def test_errors(self) -> None:
        with self.client.session(self.server) as session:
            session.user("alice")
            with self.assertRaises(popgate.Error) as caught:
                session.pass_("wrong")
            error = caught.exception
            self.assertEqual((error.reason, error.code), ("LOGIN_FAILED", grpc.StatusCode.PERMISSION_DENIED))
            self.assertEqual((error.command, error.response[:4], error.retry_after), ("PASS", "-ERR", None))
            self.assertNotIn("wrong", repr(vars(error)))
        with self.assertRaises(popgate.Error) as caught:
            self.client.session("127.0.0.1")
        self.assertEqual(caught.exception.reason, "TARGET_NOT_ALLOWED")

    def test_retry_after(self) -> None:
        with self.client.session(self.server) as first, self.client.session(self.server) as second:
            first.auth(ALICE)
            with self.assertRaises(popgate.Error) as caught:
                second.auth(ALICE)
        error = caught.exception
        self.assertEqual((error.reason, error.response_code, error.retry_after), ("MAILBOX_IN_USE", "IN-USE", 30))

    def test_transport_error_has_no_reason(self) -> None:
        with popgate.connect("127.0.0.1:1") as client, self.assertRaises(popgate.Error) as caught:
            client.session(self.server)
        self.assertEqual((caught.exception.reason, caught.exception.code), ("", grpc.StatusCode.UNAVAILABLE))

    def test_retr(self) -> None:
        whole = {message.number: message for message in self.fetched()}
        with self.client.session(self.server) as session:
            session.auth(ALICE)
            for number, message in whole.items():
                with session.retr(number) as file:
                    self.assertEqual(file.response[:3], "+OK")
                    self.assertEqual(file.read(), message.data)
                self.assertEqual(b"".join(session.retr(number).chunks()), message.data)
                self.assertEqual(list(session.retr(number)), message.data.splitlines(keepends=True))
                with session.top(number) as file:
                    self.assertEqual(file.read(), message.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            with self.assertRaises(popgate.Error) as caught:
                session.retr(6)
            self.assertEqual((caught.exception.reason, caught.exception.command), ("COMMAND_REFUSED", "RETR"))
            with self.assertRaises(popgate.Error) as caught:
                session.retr(1, max_octets=1)
            self.assertEqual(caught.exception.reason, "MESSAGE_TOO_LARGE")


class Scripted(Iterator[Any]):
    """A stream of given responses."""

    def __init__(self, *responses: Any) -> None:
        self._responses = iter(responses)
        self.cancelled = False

    def __next__(self) -> Any:
        return next(self._responses)

    def cancel(self) -> None:
        self.cancelled = True

    def add_callback(self, _: Callable[[], None]) -> bool:
        return True


class IntegrityTest(unittest.TestCase):
    """What no honest gateway sends."""

    piece = pop3_service_pb2.RetrResponse

    def test_retr(self) -> None:
        first = self.piece(response="+OK", data=b"abc")
        for what, last in {
            "octets": self.piece(octets=4, crc32=0x352441C2),
            "CRC-32": self.piece(octets=3, crc32=0x352441C3),
            "no totals": self.piece(),
        }.items():
            for read in (MessageFile.read, lambda file: list(file.chunks()), list):
                with self.subTest(what), self.assertRaises(popgate.IntegrityError):
                    read(MessageFile(Scripted(first, last)))
        last = self.piece(octets=3, crc32=0x352441C2)
        with self.assertRaises(popgate.IntegrityError):
            MessageFile(Scripted(first, last, self.piece(data=b"d"))).read()
        cut = MessageFile(Scripted(first))
        for _ in range(2):  # an error stays one
            with self.assertRaises(popgate.IntegrityError):
                cut.read(10)
        stream = Scripted(first, last)
        with MessageFile(stream) as file:
            self.assertEqual((file.read(2), file.read(), file.read()), (b"ab", b"c", b""))
        self.assertTrue(stream.cancelled)

    def test_retr_of_nothing(self) -> None:
        self.assertEqual(MessageFile(Scripted(self.piece(response="+OK", octets=0, crc32=0))).read(), b"")
        with self.assertRaises(popgate.IntegrityError):
            MessageFile(Scripted())

    def test_fetch(self) -> None:
        pb = mailbox_service_pb2
        start = pb.Part(delivery_id=1, start=pb.PartStart(unique_id="a"), data=b"ab")
        for octets, crc32 in ((3, 0x352441C3), (2, 0x352441C2)):
            end = pb.Part(delivery_id=1, data=b"c", end=pb.PartEnd(octets=octets, crc32=crc32))
            with self.assertRaises(popgate.IntegrityError):
                next(popgate.Fetch(Scripted(pb.FetchMessagesResponse(parts=[start, end]))))
        end = pb.Part(delivery_id=1, data=b"c", end=pb.PartEnd(octets=3, crc32=0x352441C2))
        stranger = pb.Part(delivery_id=2, data=b"c", end=end.end)
        for what, parts in {
            "no end": [start], "no start": [end], "another's end": [start, stranger], "a start too many": [start, start, end],
        }.items():
            with self.subTest(what), self.assertRaises(popgate.IntegrityError):
                list(popgate.Fetch(Scripted(pb.FetchMessagesResponse(parts=parts))))
        refused = pb.Part(delivery_id=2, start=start.start, failure=pb.Failure(response="-ERR"))
        stream = Scripted(pb.FetchMessagesResponse(parts=[start, stranger, start, end]), pb.FetchMessagesResponse(cursor=b"c"))
        fetch = popgate.Fetch(stream)
        with self.assertRaises(popgate.IntegrityError):
            next(fetch)
        self.assertTrue(stream.cancelled)
        self.assertEqual(list(fetch), [])  # what comes behind it is not looked at
        fetch = popgate.Fetch(Scripted(pb.FetchMessagesResponse(parts=[start]), pb.FetchMessagesResponse(parts=[end, refused])))
        self.assertEqual([message.data for message in fetch], [b"abc"])
        self.assertEqual(fetch.undelivered, [refused])

    def test_what_is_under_way_at_finish_is_passed_over(self) -> None:
        pb = mailbox_service_pb2
        answer = pb.CollectMessagesResponse
        whole = pb.Part(delivery_id=1, start=pb.PartStart(), data=b"abc", end=pb.PartEnd(octets=3, crc32=0x352441C2))
        for what, under_way in {
            "damaged": pb.Part(delivery_id=2, start=whole.start, data=b"abd", end=whole.end),
            "no end": pb.Part(delivery_id=2, start=whole.start),
            "no start": pb.Part(delivery_id=7, data=b"abc"),
            "whole": pb.Part(delivery_id=2, start=whole.start, data=b"abc", end=whole.end),
        }.items():
            for responses in (
                [answer(parts=[whole]), answer(parts=[under_way])],
                [answer(parts=[whole, under_way])],
            ):
                with self.subTest(what):
                    stream = Scripted(*responses, answer(commit=pb.Commit(outcome=error_pb2.COMMIT_OUTCOME_COMMITTED)))
                    stub: Any = SimpleNamespace(CollectMessages=lambda *_, timeout, stream=stream: stream)
                    with popgate.Collect(stub, pb.CollectOpen(), "delete", None, None) as collect:
                        self.assertEqual(next(collect).delivery_id, 1)
                    self.assertEqual((collect.outcome, list(collect)), ("COMMITTED", []))


class FetchTest(DemoTest):
    def test_fetch(self) -> None:
        fetch = self.client.fetch(self.server, ALICE)
        messages = list(fetch)
        await_free(self.server)
        self.assertEqual([len(message.data) for message in messages], [686, 700, 663, 1187, 10443])
        for message in messages:
            self.assertEqual(message.sha256, hashlib.sha256(message.data).digest())
        assert fetch.progress is not None and fetch.summary is not None and fetch.cursor is not None
        self.assertEqual((fetch.progress.new_messages, fetch.summary.delivered), (5, 5))
        self.assertEqual(self.fetched(cursor=fetch.cursor), [])
        self.assertEqual(len(self.fetched(everything=True, max_messages=2)), 2)
        [one] = self.fetched(unique_ids=[messages[3].unique_id])
        self.assertEqual(one.data, messages[3].data)
        self.assertEqual(self.fetched(unique_ids=[]), [])
        small = self.client.fetch(self.server, ALICE, max_octets=1000)
        self.assertEqual(len(list(small)), 3)
        self.assertEqual(len(small.undelivered), 2)
        with self.assertRaises(ValueError):
            self.client.fetch(self.server, ALICE, everything=True, unique_ids=[])
        self.assertEqual(self.count(), 5)

    def test_left_early(self) -> None:
        with self.client.fetch(self.server, ALICE) as fetch:
            next(fetch)
            self.assertIsNone(fetch.cursor)
        self.assertEqual(self.count(), 5)

    def test_error(self) -> None:
        with self.assertRaises(popgate.Error) as caught:
            list(self.client.fetch(self.server, popgate.Credentials(username="alice", password="wrong")))
        self.assertEqual(caught.exception.reason, "LOGIN_FAILED")


class CollectTest(DemoTest):
    def test_all(self) -> None:
        commits: list[mailbox_service_pb2.Commit] = []
        with self.client.collect(self.server, ALICE, on_commit=commits.append, timeout=60) as messages:
            self.assertEqual([message.delivery_id for message in messages], [1, 2, 3, 4, 5])
        self.assertEqual((messages.outcome, messages.summary and messages.summary.delivered), ("COMMITTED", 5))
        deleted = [message.outcome for commit in commits for message in commit.messages]
        self.assertEqual(deleted, [mailbox_service_pb2.DELETE_OUTCOME_DELETED] * 5)
        self.assertEqual(self.count(), 0)

    def test_without_with(self) -> None:
        for _ in self.client.collect(self.server, ALICE, timeout=60):
            pass
        self.assertEqual(self.count(), 0)

    def test_without_with_left_early(self) -> None:
        before = set(threading.enumerate())
        for _ in self.client.collect(self.server, ALICE):
            begun = set(threading.enumerate()) - before
            break
        self.assertTrue(begun)
        for thread in begun:  # gRPC's, one of which reads the requests
            thread.join(60)
            self.assertFalse(thread.is_alive(), thread.name)
        self.assertEqual(len(self.fetched()), 5)

    def test_break_keeps_the_message(self) -> None:
        ids = [message.unique_id for message in self.fetched()]
        with self.client.collect(self.server, ALICE, timeout=60) as messages:
            for message in messages:
                if message.delivery_id == 3:
                    break
        self.assertEqual(messages.outcome, "COMMITTED")
        self.assertEqual([message.unique_id for message in self.fetched()], ids[2:])

    def test_error_keeps_the_message(self) -> None:
        ids = [message.unique_id for message in self.fetched()]
        with self.assertRaises(ZeroDivisionError):
            with self.client.collect(self.server, ALICE, timeout=60) as messages:
                for message in messages:
                    if message.delivery_id == 2:
                        raise ZeroDivisionError
        self.assertEqual([message.unique_id for message in self.fetched()], ids[1:])

    def test_interrupt_gives_up(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            with self.client.collect(self.server, ALICE, timeout=60) as messages:
                for message in messages:
                    if message.delivery_id == 2:
                        raise KeyboardInterrupt
        self.assertEqual(len(self.fetched()), 5)

    def test_keep(self) -> None:
        with self.client.collect(self.server, ALICE, settle="keep", timeout=60) as messages:
            self.assertEqual(len(list(messages)), 5)
        assert messages.cursor
        self.assertEqual(self.count(), 5)
        with self.client.collect(self.server, ALICE, cursor=messages.cursor, timeout=60) as messages:
            self.assertEqual(list(messages), [])

    def test_by_hand(self) -> None:
        with self.client.collect(self.server, ALICE, settle=None, timeout=60) as messages:
            for message in messages:
                messages.settle(message, "delete" if message.delivery_id % 2 else "keep")
        self.assertEqual(self.count(), 2)

    def test_the_first_settlement_stands(self) -> None:
        with self.client.collect(self.server, ALICE, timeout=60) as messages:
            for message in messages:
                if message.delivery_id == 1:
                    messages.settle(message, "keep")
        self.assertEqual(self.count(), 1)

    def test_error(self) -> None:
        with self.assertRaises(popgate.Error) as caught:
            with self.client.collect(self.server, popgate.Credentials(username="alice", password="wrong")) as messages:
                list(messages)
        self.assertEqual(caught.exception.reason, "LOGIN_FAILED")


if __name__ == "__main__":
    unittest.main()
