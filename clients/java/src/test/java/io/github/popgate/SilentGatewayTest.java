package io.github.popgate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.popgate.v1.CloseSessionRequest;
import io.github.popgate.v1.CloseSessionResponse;
import io.github.popgate.v1.CollectMessagesRequest;
import io.github.popgate.v1.CollectMessagesResponse;
import io.github.popgate.v1.Credentials;
import io.github.popgate.v1.ListRequest;
import io.github.popgate.v1.ListResponse;
import io.github.popgate.v1.MailboxServiceGrpc.MailboxServiceImplBase;
import io.github.popgate.v1.OpenSessionRequest;
import io.github.popgate.v1.OpenSessionResponse;
import io.github.popgate.v1.Part;
import io.github.popgate.v1.PartEnd;
import io.github.popgate.v1.PartStart;
import io.github.popgate.v1.Pop3ServiceGrpc.Pop3ServiceImplBase;
import io.github.popgate.v1.QuitRequest;
import io.github.popgate.v1.QuitResponse;
import io.github.popgate.v1.Server;
import io.github.popgate.v1.UidlRequest;
import io.github.popgate.v1.UidlResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A gateway that falls silent, or says too little. */
@Timeout(60)
class SilentGatewayTest {
    private final Recorder recorder = new Recorder();
    private String name;
    private List<ListResponse> lists = List.of();
    private List<UidlResponse> uidls = List.of();
    private io.grpc.Server gateway;
    private Client client;

    private static <T> void answer(StreamObserver<T> observer, List<T> responses) {
        responses.forEach(observer::onNext);
        observer.onCompleted();
    }

    private final class Pop3 extends Pop3ServiceImplBase {
        @Override
        public void openSession(OpenSessionRequest request, StreamObserver<OpenSessionResponse> observer) {
            answer(observer, List.of(OpenSessionResponse.newBuilder().setSessionId("id").build()));
        }

        @Override
        public void closeSession(CloseSessionRequest request, StreamObserver<CloseSessionResponse> observer) {
            // No answer.
        }

        @Override
        public void quit(QuitRequest request, StreamObserver<QuitResponse> observer) {
            answer(observer, List.of(QuitResponse.getDefaultInstance()));
        }

        @Override
        public void list(ListRequest request, StreamObserver<ListResponse> observer) {
            answer(observer, lists);
        }

        @Override
        public void uidl(UidlRequest request, StreamObserver<UidlResponse> observer) {
            answer(observer, uidls);
        }
    }

    /** Delivers two empty messages in one response, and says nothing more. */
    private static final class Mailbox extends MailboxServiceImplBase {
        @Override
        public StreamObserver<CollectMessagesRequest> collectMessages(StreamObserver<CollectMessagesResponse> observer) {
            Part.Builder part = Part.newBuilder().setStart(PartStart.getDefaultInstance()).setEnd(PartEnd.getDefaultInstance());
            observer.onNext(CollectMessagesResponse.newBuilder().addParts(part.setDeliveryId(1)).addParts(part.setDeliveryId(2)).build());
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
        name = InProcessServerBuilder.generateName();
        gateway = InProcessServerBuilder.forName(name).addService(new Pop3()).addService(new Mailbox()).build().start();
        client = client(Client.TIMEOUT);
    }

    private Client client(Duration timeout) {
        return new Client(InProcessChannelBuilder.forName(name).intercept(recorder).build(), timeout);
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.shutdownNow();
    }

    @Test
    void closeGivesUpWithoutAnAnswer() {
        try (Session session = client.session("pop.example.com")) {
            session.quit();
            session.close(); // or the test's time-out
        } // what was closed is closed, whatever came of it
        assertEquals(List.of("OpenSession", "Quit", "CloseSession"), recorder.methods());
        Deadline quit = recorder.calls.get(1).deadline();
        assertTrue(recorder.calls.get(2).deadline().isBefore(quit.offset(-4, TimeUnit.MINUTES)), "QUIT has more time");
    }

    @Test
    void anyTimeoutWillDo() {
        try (Client patient = client(Duration.ofSeconds(Long.MAX_VALUE))) {
            Session session = patient.session("pop.example.com");
            assertEquals("id", session.id());
            session.quit();
        }
    }

    @Test
    void aListingOfOneMessageHasAnEntry() {
        Session session = client.session("pop.example.com");
        for (boolean response : List.of(false, true)) {
            lists = response ? List.of(ListResponse.getDefaultInstance()) : List.of();
            uidls = response ? List.of(UidlResponse.getDefaultInstance()) : List.of();
            assertEquals(Status.Code.DATA_LOSS, assertThrows(IntegrityException.class, () -> session.list(1)).code());
            assertEquals(Status.Code.DATA_LOSS, assertThrows(IntegrityException.class, () -> session.uidl(1)).code());
            session.list().forEach(batch -> assertEquals(0, batch.getEntriesCount()));
        }
    }

    @Test
    void settlingBehindTheEndDoesNothing() {
        Collect collect = client.collect(Server.getDefaultInstance(), Credentials.getDefaultInstance());
        Message message = collect.next();
        collect.cancel();
        collect.delete(message);
        collect.renew(Credentials.getDefaultInstance());
        PopgateException thrown = assertThrows(PopgateException.class, () -> collect.forEachRemaining(another -> {}));
        assertEquals(Status.Code.CANCELLED, thrown.code());
        collect.keep(message);
        collect.close();
    }

    /** Counts down when a call is given up. */
    private record Cancelling(CountDownLatch cancelled) implements ClientInterceptor {
        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void cancel(String message, Throwable cause) {
                    cancelled.countDown();
                    super.cancel(message, cause);
                }
            };
        }
    }

    @Test
    void anInterruptBeforeTheOpeningLeavesNoCallBehind() throws IOException {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) { // connects, and never speaks
            var channel = Grpc.newChannelBuilder("127.0.0.1:" + silent.getLocalPort(), InsecureChannelCredentials.create())
                    .intercept(new Cancelling(cancelled));
            try (Client stuck = new Client(channel.build(), Client.TIMEOUT)) {
                Thread.currentThread().interrupt();
                var thrown = assertThrows(
                        PopgateException.class, () -> stuck.collect(Server.getDefaultInstance(), Credentials.getDefaultInstance()));
                assertTrue(Thread.interrupted());
                assertEquals(Status.Code.CANCELLED, thrown.code());
                assertEquals(0, cancelled.getCount());
            }
        }
    }
}
