"""The asyncio layer, against `popgate demo`."""

from __future__ import annotations

import asyncio
import unittest
from contextlib import ExitStack
from typing import Any

import grpc.aio

import popgate
from popgate import aio
from popgate.v1 import error_pb2, mailbox_service_pb2, pop3_service_pb2
from tests.support import ALICE, await_free, demo


class AioTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.target, self.server = stack.enter_context(demo())
        self.client = aio.connect(self.target)
        self.client.timeout = 60
        self.addAsyncCleanup(self.client.close)

    async def free(self) -> None:
        """Wait until the server has seen that what had the mailbox is over."""
        await asyncio.to_thread(await_free, self.server)

    async def fetched(self) -> list[popgate.Message]:
        """Fetch from the mailbox, which is free before and afterwards."""
        await self.free()
        messages = [message async for message in self.client.fetch(self.server, ALICE, timeout=60)]
        await self.free()
        return messages

    async def test_session(self) -> None:
        messages = await self.fetched()
        async with await self.client.session(self.server) as session:
            self.assertEqual(await session.get_welcome(), session.opened.response)
            self.assertIn("UIDL", [capability.name for capability in (await session.capa()).capabilities])
            await session.utf8()
            await session.login("alice", "secret")
            self.assertEqual((await session.stat()).message_count, 5)
            sizes = [entry.octets async for batch in session.list() for entry in batch.entries]
            self.assertEqual(sizes, [len(message.data) for message in messages])
            [one] = [batch async for batch in session.uidl(2)]
            self.assertEqual(one.entries[0].unique_id, messages[1].unique_id)
            for message in messages:
                async with await session.retr(message.number) as file:
                    self.assertEqual(file.response[:3], "+OK")
                    self.assertEqual(await file.read(), message.data)
                header = await (await session.top(message.number)).read()
                self.assertEqual(header, message.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            with self.assertRaises(popgate.Error) as caught:
                await session.retr(6)
            self.assertEqual((caught.exception.reason, caught.exception.command), ("COMMAND_REFUSED", "RETR"))
            await session.dele(1)
            await session.rset()
            await session.noop()
            await session.dele(2)
        # Closed without QUIT.
        with self.assertRaises(popgate.Error) as caught:
            await session.noop()
        self.assertEqual(caught.exception.reason, "SESSION_ENDED")
        await self.free()
        async with await self.client.session(self.server) as session:
            await session.apop("alice", "secret")
            self.assertEqual((await session.stat()).message_count, 5)
            await session.dele(1)
            self.assertEqual((await session.quit()).outcome, error_pb2.COMMIT_OUTCOME_COMMITTED)
        self.assertEqual(len(await self.fetched()), 4)

    async def test_header_of_a_proxy_is_echoed(self) -> None:
        seen = []

        class Opened:
            def __await__(self) -> Any:
                yield from ()
                return pop3_service_pb2.OpenSessionResponse(session_id="id")

            async def initial_metadata(self) -> grpc.aio.Metadata:
                return grpc.aio.Metadata(("pop3-session", "route"))

        class Stub:
            def OpenSession(self, *_: Any, **__: Any) -> Opened:
                return Opened()

            async def Noop(self, request: Any, **keywords: Any) -> Any:
                seen.append((request.session_id, keywords["metadata"]))
                return pop3_service_pb2.NoopResponse(response="+OK")

        stub: Any = Stub()
        session = await aio.Session(stub, None)._open(self.server)
        await session.noop()
        self.assertEqual(seen, [("id", (("pop3-session", "route"),))])

    async def test_retr_that_is_not_whole(self) -> None:
        class Stream:
            def __init__(self, *pieces: Any) -> None:
                self._pieces = iter((*pieces, grpc.aio.EOF))

            async def read(self) -> Any:
                return next(self._pieces)

            def cancel(self) -> None:
                pass

        first = pop3_service_pb2.RetrResponse(response="+OK", data=b"abc")
        for pieces in (), (pop3_service_pb2.RetrResponse(octets=3, crc32=1),):
            file = await aio.MessageFile(Stream(first, *pieces))._begin()
            with self.assertRaises(popgate.IntegrityError):
                await file.read()

    async def test_cancelled(self) -> None:
        async def endless() -> None:
            async with await self.client.session(self.server) as session:
                opened.set_result(session)
                await asyncio.sleep(600)

        opened: asyncio.Future[aio.Session] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(endless())
        session = await opened
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        with self.assertRaises(popgate.Error) as caught:
            await session.noop()
        self.assertEqual((caught.exception.reason, caught.exception.cause), ("SESSION_ENDED", "CLOSED"))

    async def test_close_after_the_client(self) -> None:
        async with aio.connect(self.target) as client:
            session = await client.session(self.server)
        await session.close()  # it does not fail

    async def test_an_error_ends_a_fetch(self) -> None:
        class Stream:
            cancelled = False

            async def read(self) -> Any:
                if self.cancelled:
                    raise asyncio.CancelledError  # as gRPC does
                return response

            def cancel(self) -> None:
                self.cancelled = True

        part = mailbox_service_pb2.Part(
            delivery_id=1, start=mailbox_service_pb2.PartStart(), end=mailbox_service_pb2.PartEnd(octets=1)
        )
        whole = mailbox_service_pb2.Part(delivery_id=2, start=part.start, end=mailbox_service_pb2.PartEnd())
        response = mailbox_service_pb2.FetchMessagesResponse(parts=[part, whole])
        fetch = aio.Fetch(Stream())
        with self.assertRaises(popgate.IntegrityError):
            await anext(fetch)
        self.assertEqual([message async for message in fetch], [])

    async def test_what_is_under_way_at_finish_is_passed_over(self) -> None:
        class Stream:
            def __init__(self, *responses: Any) -> None:
                self._responses = iter((*responses, grpc.aio.EOF))

            async def read(self) -> Any:
                return next(self._responses)

            async def write(self, _: Any) -> None:
                pass

            async def done_writing(self) -> None:
                pass

            def cancel(self) -> None:
                pass

        pb = mailbox_service_pb2
        whole = pb.Part(delivery_id=1, start=pb.PartStart(), end=pb.PartEnd())
        damaged = pb.Part(delivery_id=2, start=pb.PartStart(), end=pb.PartEnd(octets=1))
        commit = pb.CollectMessagesResponse(commit=pb.Commit(outcome=error_pb2.COMMIT_OUTCOME_COMMITTED))
        for responses in (
            [pb.CollectMessagesResponse(parts=[whole]), pb.CollectMessagesResponse(parts=[damaged])],
            [pb.CollectMessagesResponse(parts=[whole, damaged])],
        ):
            async with aio.Collect(Stream(*responses, commit), pb.CollectOpen(), "delete", None) as collect:
                self.assertEqual((await anext(collect)).delivery_id, 1)
            self.assertEqual((collect.outcome, [message async for message in collect]), ("COMMITTED", []))

    async def test_collect(self) -> None:
        commits: list[Any] = []
        async with self.client.collect(self.server, ALICE, on_commit=commits.append, timeout=60) as messages:
            self.assertEqual([message.delivery_id async for message in messages], [1, 2, 3, 4, 5])
        self.assertEqual(messages.outcome, "COMMITTED")
        self.assertEqual([len(commit.messages) for commit in commits if commit.messages], [5])
        self.assertEqual(await self.fetched(), [])

    async def collect_until(self, third: BaseException | None) -> None:
        """Collect, and leave the third message's body by this or by break."""
        async with self.client.collect(self.server, ALICE, timeout=60) as messages:
            async for message in messages:
                if message.delivery_id == 3:
                    if third is not None:
                        raise third
                    break

    async def test_collect_left_early(self) -> None:
        ids = [message.unique_id for message in await self.fetched()]
        with self.assertRaises(asyncio.CancelledError):
            await self.collect_until(asyncio.CancelledError())
        self.assertEqual([message.unique_id for message in await self.fetched()], ids)
        await self.collect_until(None)
        self.assertEqual([message.unique_id for message in await self.fetched()], ids[2:])
        with self.assertRaises(ZeroDivisionError):
            await self.collect_until(ZeroDivisionError())
        self.assertEqual([message.unique_id for message in await self.fetched()], ids[4:])

    async def test_collect_by_hand(self) -> None:
        async with self.client.collect(self.server, ALICE, settle=None, timeout=60) as messages:
            async for message in messages:
                await messages.settle(message, "delete" if message.delivery_id % 2 else "keep")
        self.assertEqual(len(await self.fetched()), 2)
        async with self.client.collect(self.server, ALICE) as messages:
            pass  # nothing was asked for
        self.assertEqual(len(await self.fetched()), 2)

    async def test_errors(self) -> None:
        wrong = popgate.Credentials(username="alice", password="wrong")
        with self.assertRaises(popgate.Error) as caught:
            async with self.client.collect(self.server, wrong) as messages:
                async for _ in messages:
                    pass
        self.assertEqual(caught.exception.reason, "LOGIN_FAILED")
        with self.assertRaises(popgate.Error) as caught:
            await anext(self.client.fetch(self.server, wrong))
        self.assertEqual(caught.exception.reason, "LOGIN_FAILED")
        with self.assertRaises(popgate.Error) as caught:
            await self.client.session("127.0.0.1")
        self.assertEqual(caught.exception.reason, "TARGET_NOT_ALLOWED")


if __name__ == "__main__":
    unittest.main()
