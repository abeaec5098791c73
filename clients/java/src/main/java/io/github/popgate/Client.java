package io.github.popgate;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import io.github.popgate.v1.CollectOpen;
import io.github.popgate.v1.Credentials;
import io.github.popgate.v1.FetchMessagesRequest;
import io.github.popgate.v1.MailboxServiceGrpc;
import io.github.popgate.v1.MailboxServiceGrpc.MailboxServiceBlockingV2Stub;
import io.github.popgate.v1.Pop3ServiceGrpc;
import io.github.popgate.v1.Pop3ServiceGrpc.Pop3ServiceBlockingV2Stub;
import io.github.popgate.v1.Server;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A gateway. {@link #connect} makes one; {@link #close} ends all its calls. Threads may share it. */
public final class Client implements AutoCloseable {
    /** How long a call may take that is not a stream: 330 seconds, as the gateway waits for QUIT's reply for 300. */
    public static final Duration TIMEOUT = Duration.ofSeconds(330);

    private static final Pattern LOCAL = Pattern.compile(
            "unix:.*|(localhost|127(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|\\[::1])(:[0-9]+)?");

    private final ManagedChannel channel;
    private final Duration timeout;

    /**
     * Takes a channel of the caller's own making, which this then owns.
     *
     * @param channel to a gateway
     * @param timeout how long a call may take that is not a stream
     */
    public Client(ManagedChannel channel, Duration timeout) {
        this.channel = Objects.requireNonNull(channel);
        this.timeout = Objects.requireNonNull(timeout);
    }

    /**
     * Opens a channel to a gateway. It connects at the first call.
     *
     * @param target such as "popgate.internal.example:9110". It is spoken to by TLS, verified by the JVM's own roots; only a
     *     loopback address or a Unix socket in plaintext.
     * @return the client
     */
    public static Client connect(String target) {
        return builder(target).build();
    }

    /**
     * Begins to say how a gateway is spoken to.
     *
     * @param target as for {@link #connect}
     * @return a builder
     */
    public static Builder builder(String target) {
        return new Builder(target);
    }

    /** How a gateway is spoken to. */
    public static final class Builder {
        private final String target;
        private ChannelCredentials credentials;
        private String token;
        private String authority;
        private Duration timeout = TIMEOUT;

        private Builder(String target) {
            this.target = Objects.requireNonNull(target);
        }

        /**
         * Sets what TLS trusts and presents: {@link TlsChannelCredentials#newBuilder} takes a CA and the caller's certificate.
         * {@link InsecureChannelCredentials} is plaintext, to wherever it goes.
         *
         * @param credentials gRPC's
         * @return this
         */
        public Builder credentials(ChannelCredentials credentials) {
            this.credentials = credentials;
            return this;
        }

        /**
         * Sends {@code authorization: Bearer …} with every call.
         *
         * @param token the caller's token for the gateway
         * @return this
         */
        public Builder token(String token) {
            this.token = token;
            return this;
        }

        /**
         * Sets the name that the gateway's certificate has to hold, where it is not that of the target.
         *
         * @param authority a host's name, as {@link ManagedChannelBuilder#overrideAuthority} takes it
         * @return this
         */
        public Builder authority(String authority) {
            this.authority = authority;
            return this;
        }

        /**
         * Sets how long a call may take that is not a stream; without it {@link #TIMEOUT}. A stream has the deadline of
         * {@link io.grpc.Context}, if there is one.
         *
         * @param timeout above 0
         * @return this
         */
        public Builder timeout(Duration timeout) {
            this.timeout = timeout;
            return this;
        }

        /**
         * Opens the channel. It connects at the first call.
         *
         * @return the client
         */
        public Client build() {
            ChannelCredentials chosen = credentials;
            if (chosen == null) {
                chosen = isLocal(target) ? InsecureChannelCredentials.create() : TlsChannelCredentials.create();
            }
            ManagedChannelBuilder<?> builder =
                    Grpc.newChannelBuilder(target, chosen).defaultServiceConfig(serviceConfig()).enableRetry();
            if (authority != null) {
                builder.overrideAuthority(authority);
            }
            if (token != null) {
                Metadata header = new Metadata();
                header.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
                builder.intercept(MetadataUtils.newAttachHeadersInterceptor(header));
            }
            return new Client(builder.build(), timeout);
        }
    }

    /** Whether a target is this machine, so that nobody can read along. Names are not looked up. */
    static boolean isLocal(String target) {
        return LOCAL.matcher(target).matches();
    }

    /** Which methods gRPC may repeat by itself, and how often. */
    static Map<String, ?> serviceConfig() {
        try (var resource = Client.class.getResourceAsStream("service_config.json");
                var reader = new InputStreamReader(Objects.requireNonNull(resource), StandardCharsets.UTF_8)) {
            return new Gson().fromJson(reader, new TypeToken<Map<String, ?>>() {}.getType());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The channel, for stubs of other kinds: asynchronous ones, futures.
     *
     * @return the channel
     */
    public ManagedChannel channel() {
        return channel;
    }

    /**
     * The generated stub of Pop3Service, for what the methods here do not offer. It has no deadline.
     *
     * @return the stub
     */
    public Pop3ServiceBlockingV2Stub pop3() {
        return Pop3ServiceGrpc.newBlockingV2Stub(channel);
    }

    /**
     * The generated stub of MailboxService, for what the methods here do not offer. It has no deadline.
     *
     * @return the stub
     */
    public MailboxServiceBlockingV2Stub mailbox() {
        return MailboxServiceGrpc.newBlockingV2Stub(channel);
    }

    /**
     * Connects to a POP3 server by verified TLS on port 995.
     *
     * @param host the server's name
     * @return the session
     */
    public Session session(String host) {
        return session(Server.newBuilder().setHost(host).build());
    }

    /**
     * Connects to a POP3 server. It fails with TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_VERIFICATION_FAILED and
     * others of OpenSession.
     *
     * @param server the server
     * @return the session
     */
    public Session session(Server server) {
        return new Session(pop3(), server, timeout);
    }

    /**
     * Iterates over all messages of a mailbox, and deletes none.
     *
     * @param server the POP3 server
     * @param credentials who logs in, and by what
     * @return the messages
     */
    public Fetch fetch(Server server, Credentials credentials) {
        return fetch(FetchMessagesRequest.newBuilder().setServer(server).setCredentials(credentials).build());
    }

    /**
     * Iterates over the messages that a request asks for, and deletes none.
     *
     * @param request which messages are new, by {@code cursor}, and limits
     * @return the messages
     */
    public Fetch fetch(FetchMessagesRequest request) {
        return new Fetch(new Responses<>(mailbox().fetchMessages(request)));
    }

    /**
     * Iterates over all messages of a mailbox, and has each deleted that the loop went past. Store each durably in the body;
     * {@link Collect} says when it is settled.
     *
     * @param server the POP3 server
     * @param credentials who logs in, and by what
     * @return the messages
     */
    public Collect collect(Server server, Credentials credentials) {
        FetchMessagesRequest fetch = FetchMessagesRequest.newBuilder().setServer(server).setCredentials(credentials).build();
        return collect(CollectOpen.newBuilder().setFetch(fetch).build(), Collect.Settling.DELETE);
    }

    /**
     * Iterates over messages, and has them deleted as they are settled.
     *
     * @param opening which messages, and when to commit; {@code offer} is for the stub
     * @param settling who settles them
     * @return the messages
     */
    public Collect collect(CollectOpen opening, Collect.Settling settling) {
        return new Collect(mailbox().collectMessages(), opening, settling);
    }

    /** Closes the channel. Sessions that are open end by their idle time-out, without QUIT: close them first. */
    @Override
    public void close() {
        channel.shutdownNow();
        try {
            channel.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
