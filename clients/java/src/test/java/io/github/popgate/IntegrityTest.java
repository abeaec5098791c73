package io.github.popgate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.RetryInfo;
import io.github.popgate.v1.CollectMessagesRequest;
import io.github.popgate.v1.CollectMessagesResponse;
import io.github.popgate.v1.Credentials;
import io.github.popgate.v1.Failure;
import io.github.popgate.v1.FetchMessagesRequest;
import io.github.popgate.v1.FetchMessagesResponse;
import io.github.popgate.v1.MailboxServiceGrpc.MailboxServiceImplBase;
import io.github.popgate.v1.NoopRequest;
import io.github.popgate.v1.NoopResponse;
import io.github.popgate.v1.OpenSessionRequest;
import io.github.popgate.v1.OpenSessionResponse;
import io.github.popgate.v1.Part;
import io.github.popgate.v1.PartEnd;
import io.github.popgate.v1.PartStart;
import io.github.popgate.v1.Pop3ServiceGrpc.Pop3ServiceImplBase;
import io.github.popgate.v1.RetrRequest;
import io.github.popgate.v1.RetrResponse;
import io.github.popgate.v1.Server;
import io.grpc.Metadata;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What no honest gateway sends, by one that says what it is told. */
@Timeout(180)
class IntegrityTest {
    private static final int CRC32_OF_ABC = 0x352441C2;
    private static final Metadata.Key<String> HEADER = Metadata.Key.of("pop3-session", Metadata.ASCII_STRING_MARSHALLER);

    private final Recorder recorder = new Recorder();
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private List<RetrResponse> pieces = List.of();
    private List<FetchMessagesResponse> responses = List.of();
    private boolean endless;
    private io.grpc.Server gateway;
    private Client client;

    private final class Pop3 extends Pop3ServiceImplBase {
        @Override
        public void openSession(OpenSessionRequest request, StreamObserver<OpenSessionResponse> observer) {
            observer.onNext(OpenSessionResponse.newBuilder().setSessionId("id").build());
            observer.onCompleted();
        }

        @Override
        public void noop(NoopRequest request, StreamObserver<NoopResponse> observer) {
            observer.onNext(NoopResponse.newBuilder().setResponse(request.getSessionId()).build());
            observer.onCompleted();
        }

        @Override
        public void retr(RetrRequest request, StreamObserver<RetrResponse> observer) {
            ((ServerCallStreamObserver<RetrResponse>) observer).setOnCancelHandler(cancelled::countDown);
            pieces.forEach(observer::onNext);
            if (!endless) {
                observer.onCompleted();
            }
        }
    }

    private final class Mailbox extends MailboxServiceImplBase {
        @Override
        public void fetchMessages(FetchMessagesRequest request, StreamObserver<FetchMessagesResponse> observer) {
            responses.forEach(observer::onNext);
            observer.onCompleted();
        }

        @Override
        public StreamObserver<CollectMessagesRequest> collectMessages(StreamObserver<CollectMessagesResponse> observer) {
            ((ServerCallStreamObserver<CollectMessagesResponse>) observer).setOnCancelHandler(cancelled::countDown);
            responses.forEach(r -> observer.onNext(CollectMessagesResponse.newBuilder().addAllParts(r.getPartsList()).build()));
            return new StreamObserver<>() {
                @Override
                public void onNext(CollectMessagesRequest request) {}

                @Override
                public void onError(Throwable thrown) {}

                @Override
                public void onCompleted() {}
            };
        }
    }

    @BeforeEach
    void start() throws IOException {
        String name = InProcessServerBuilder.generateName();
        Metadata route = new Metadata();
        route.put(HEADER, "route");
        gateway = InProcessServerBuilder.forName(name)
                .addService(ServerInterceptors.intercept(new Pop3(), MetadataUtils.newAttachMetadataServerInterceptor(route)))
                .addService(new Mailbox())
                .build()
                .start();
        client = new Client(InProcessChannelBuilder.forName(name).intercept(recorder).build(), Duration.ofSeconds(60));
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.shutdownNow();
    }

    private Session session() {
        return client.session("pop.example.com");
    }

    private static RetrResponse.Builder piece(String data) {
        return RetrResponse.newBuilder().setData(ByteString.copyFromUtf8(data));
    }

    private static RetrResponse totals(long octets, int crc32) {
        return RetrResponse.newBuilder().setOctets(octets).setCrc32(crc32).build();
    }

    @Test
    void theHeaderOfAProxyIsEchoed() {
        try (Session session = session()) {
            assertEquals("id", session.noop());
        }
        assertNull(recorder.calls.get(0).header("pop3-session"));
        assertEquals("route", recorder.calls.get(1).header("pop3-session"));
    }

    @Test
    void retrOfWrongTotals() throws IOException {
        try (Session session = session()) {
            RetrResponse first = piece("abc").setResponse("+OK").build();
            for (RetrResponse last : List.of(totals(4, CRC32_OF_ABC), totals(3, CRC32_OF_ABC + 1), piece("").build())) {
                pieces = List.of(first, last);
                MessageInputStream message = session.retr(1);
                IntegrityException thrown = assertThrows(IntegrityException.class, message::readAllBytes);
                assertEquals(Status.Code.DATA_LOSS, thrown.code());
                assertThrows(IntegrityException.class, message::read); // and not the end of the stream
            }
            pieces = List.of(first, totals(3, CRC32_OF_ABC), piece("d").build());
            assertThrows(IntegrityException.class, session.retr(1)::readAllBytes);
            pieces = List.of(first, totals(3, CRC32_OF_ABC));
            MessageInputStream message = session.retr(1);
            assertEquals("+OK", message.response());
            assertArrayEquals(new byte[] {'a', 'b'}, message.readNBytes(2));
            assertArrayEquals(new byte[] {'c'}, message.readAllBytes());
            assertEquals(-1, message.read());
        }
    }

    @Test
    void retrOfNothing() throws IOException {
        try (Session session = session()) {
            pieces = List.of(totals(0, 0));
            assertEquals(0, session.retr(1).readAllBytes().length);
            pieces = List.of();
            assertThrows(IntegrityException.class, () -> session.retr(1));
        }
    }

    @Test
    void closingTheStreamCancelsTheCall() throws Exception {
        endless = true;
        pieces = List.of(piece("abc").build());
        try (Session session = session(); MessageInputStream message = session.retr(1)) {
            assertEquals('a', message.read());
            message.close();
            cancelled.await(); // or the test's time-out
            assertThrows(IOException.class, message::read);
        }
    }

    private static Part.Builder part(String data) {
        return Part.newBuilder().setDeliveryId(1).setData(ByteString.copyFromUtf8(data));
    }

    private static FetchMessagesResponse response(Part.Builder... parts) {
        var response = FetchMessagesResponse.newBuilder();
        List.of(parts).forEach(response::addParts);
        return response.build();
    }

    private static Part.Builder last(long octets, int crc32) {
        return part("c").setEnd(PartEnd.newBuilder().setOctets(octets).setCrc32(crc32));
    }

    @Test
    void messages() {
        Server server = Server.getDefaultInstance();
        Part.Builder start = part("ab").setStart(PartStart.newBuilder().setUniqueId("a"));
        for (Part.Builder wrong : List.of(last(3, CRC32_OF_ABC + 1), last(2, CRC32_OF_ABC))) {
            responses = List.of(response(start, wrong, start, last(3, CRC32_OF_ABC)));
            try (Fetch fetch = client.fetch(server, Credentials.getDefaultInstance())) {
                assertThrows(IntegrityException.class, fetch::next);
                assertThrows(IntegrityException.class, fetch::next); // what comes behind it is not looked at
            }
        }
        Part.Builder refused = Part.newBuilder().setDeliveryId(1).setFailure(Failure.newBuilder().setResponse("-ERR"));
        responses = List.of(response(start), response(last(3, CRC32_OF_ABC), part("lost").setStart(start.getStart()), refused));
        try (Fetch fetch = client.fetch(server, Credentials.getDefaultInstance())) {
            assertArrayEquals(new byte[] {'a', 'b', 'c'}, fetch.next().data());
            assertFalse(fetch.hasNext());
            assertEquals(List.of(refused.build()), fetch.undelivered());
        }
    }

    @Test
    void detailsThatAreGarbage() {
        var delay = com.google.protobuf.Duration.newBuilder().setSeconds(Long.MAX_VALUE).setNanos(Integer.MAX_VALUE);
        ByteString endless = RetryInfo.newBuilder().setRetryDelay(delay).build().toByteString();
        ByteString garbage = ByteString.copyFrom(new byte[] {-1});
        for (Any.Builder detail : List.of(
                Any.newBuilder().setTypeUrl("type.googleapis.com/google.rpc.RetryInfo").setValue(endless),
                Any.newBuilder().setTypeUrl("type.googleapis.com/google.rpc.RetryInfo").setValue(garbage),
                Any.newBuilder().setTypeUrl("type.googleapis.com/google.rpc.ErrorInfo").setValue(garbage))) {
            var status = com.google.rpc.Status.newBuilder().setCode(Status.Code.NOT_FOUND.value()).setMessage("gone").addDetails(detail);
            PopgateException error = PopgateException.of(StatusProto.toStatusRuntimeException(status.build()));
            assertEquals(List.of(Status.Code.NOT_FOUND, "gone", ""), List.of(error.code(), error.getMessage(), error.reason()));
            assertEquals(Optional.empty(), error.retryAfter());
        }
    }

    @Test
    void eachMessageHasItsOwnStartAndEnd() {
        Part.Builder start = part("ab").setStart(PartStart.newBuilder().setUniqueId("a"));
        Part.Builder end = last(3, CRC32_OF_ABC);
        Part.Builder whole = part("abc").setStart(start.getStart()).setEnd(end.getEnd());
        Part.Builder strange = last(3, CRC32_OF_ABC).setDeliveryId(7);
        Part.Builder refused = Part.newBuilder().setDeliveryId(7).setFailure(Failure.getDefaultInstance());
        for (FetchMessagesResponse then : List.of(
                response(part("abc").setEnd(end.getEnd())),
                response(start),
                response(start, start, end),
                response(start, strange),
                response(start, refused))) {
            responses = List.of(response(whole), then);
            try (Fetch fetch = client.fetch(Server.getDefaultInstance(), Credentials.getDefaultInstance())) {
                assertEquals("a", fetch.next().uniqueId());
                assertThrows(IntegrityException.class, fetch::hasNext, then::toString);
            }
        }
    }

    @Test
    void aDamagedMessageGivesTheCollectUp() throws Exception {
        responses = List.of(response(part("ab").setStart(PartStart.getDefaultInstance()), last(3, 0)));
        Collect collect = client.collect(Server.getDefaultInstance(), Credentials.getDefaultInstance());
        assertThrows(IntegrityException.class, collect::next);
        cancelled.await(); // or the test's time-out
        collect.close();
    }

    @Test
    void anInterruptEndsTheCall() throws Exception {
        endless = true;
        pieces = List.of(piece("abc").build());
        try (Session session = session(); MessageInputStream message = session.retr(1)) {
            message.readNBytes(3);
            Thread.currentThread().interrupt();
            PopgateException thrown = assertThrows(PopgateException.class, message::read);
            assertTrue(Thread.interrupted());
            assertEquals(Status.Code.CANCELLED, thrown.code());
            cancelled.await(); // or the test's time-out
        }
    }

    @Test
    void errorsWithoutDetails() {
        PopgateException thrown = PopgateException.of(Status.UNAVAILABLE.asRuntimeException());
        assertEquals(List.of("", "", "", ""), List.of(thrown.reason(), thrown.getMessage(), thrown.cause(), thrown.outcome()));
        assertEquals(Status.Code.UNAVAILABLE, thrown.code());
        assertTrue(thrown.metadata().isEmpty() && thrown.retryAfter().isEmpty());
    }
}
