package io.github.popgate;

import io.github.popgate.v1.*;
import io.github.popgate.v1.Pop3ServiceGrpc.Pop3ServiceBlockingV2Stub;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.StatusException;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * A connection to a POP3 server, until {@link #close}. {@link Client#session} opens it.
 *
 * <p>Each command is a method; what it sends, and which reasons it can fail for, is at the RPC of the same name in
 * {@link Pop3ServiceGrpc}. Errors are {@link PopgateException}. Only {@link #quit} sends QUIT: whatever else ends a session removes
 * nothing. Calls of one session wait for each other; use it from one thread at a time.
 */
public final class Session implements AutoCloseable {
    /** How long {@link #close} waits for the gateway at most: 10 seconds. */
    public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private static final Metadata.Key<String> HEADER = Metadata.Key.of("pop3-session", Metadata.ASCII_STRING_MARSHALLER);

    private final Pop3ServiceBlockingV2Stub stub;
    private final OpenSessionResponse opened;
    private final Duration timeout;
    private boolean closed;

    Session(Pop3ServiceBlockingV2Stub stub, Server server, Duration timeout) {
        AtomicReference<Metadata> headers = new AtomicReference<>();
        Pop3ServiceBlockingV2Stub opening =
                stub.withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
        this.timeout = timeout;
        OpenSessionRequest request = OpenSessionRequest.newBuilder().setServer(server).build();
        this.opened = Responses.decoded(() -> limited(opening, timeout).openSession(request));
        // A proxy may have put its own value into the header, and routes by what comes back.
        String came = headers.get() == null ? null : headers.get().get(HEADER);
        Metadata route = new Metadata();
        route.put(HEADER, came == null ? id() : came);
        this.stub = stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(route));
    }

    private static Pop3ServiceBlockingV2Stub limited(Pop3ServiceBlockingV2Stub unlimited, Duration timeout) {
        return unlimited.withDeadlineAfter(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
    }

    @FunctionalInterface
    private interface Unary<T> {
        T call(Pop3ServiceBlockingV2Stub stub) throws StatusException;
    }

    private <T> T call(Unary<T> unary) {
        return call(timeout, unary);
    }

    private <T> T call(Duration limit, Unary<T> unary) {
        return Responses.decoded(() -> unary.call(limited(stub, limit)));
    }

    /**
     * The session's name, a secret.
     *
     * @return the id
     */
    public String id() {
        return opened.getSessionId();
    }

    /**
     * What the gateway answered: the greeting, TLS, the replica, the idle time-out and the greatest age.
     *
     * @return the answer
     */
    public OpenSessionResponse opened() {
        return opened;
    }

    /**
     * Ends the session without QUIT, whatever is running: nothing is removed. It does not fail; repeating it does nothing. An
     * interrupt or a cancelled {@link Context} from before does not keep it from ending the session. A gateway that does not answer
     * within {@link #CLOSE_TIMEOUT}, or the client's time-out if that is less, ends it by its idle time-out.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Duration limit = timeout.compareTo(CLOSE_TIMEOUT) < 0 ? timeout : CLOSE_TIMEOUT;
        boolean interrupted = Thread.interrupted();
        try {
            CloseSessionRequest request = CloseSessionRequest.newBuilder().setSessionId(id()).build();
            Context.current().fork().call(() -> call(limit, s -> s.closeSession(request)));
        } catch (Exception e) {
            // The session ends by its idle time-out.
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Asks for the greeting again.
     *
     * @return the greeting
     */
    public String getWelcome() {
        return call(s -> s.getWelcome(GetWelcomeRequest.newBuilder().setSessionId(id()).build())).getResponse();
    }

    /**
     * CAPA.
     *
     * @return what the server can do
     */
    public CapaResponse capa() {
        return call(s -> s.capa(CapaRequest.newBuilder().setSessionId(id()).build()));
    }

    /**
     * STLS: begins TLS, verified by the host's name and the gateway's roots.
     *
     * @return what the handshake came to
     */
    public StlsResponse stls() {
        return stls(TlsOptions.getDefaultInstance());
    }

    /**
     * STLS: begins TLS.
     *
     * @param tls how to verify
     * @return what the handshake came to
     */
    public StlsResponse stls(TlsOptions tls) {
        return call(s -> s.stls(StlsRequest.newBuilder().setSessionId(id()).setTls(tls).build()));
    }

    /**
     * UTF8.
     *
     * @return the status line
     */
    public String utf8() {
        return call(s -> s.utf8(Utf8Request.newBuilder().setSessionId(id()).build())).getResponse();
    }

    /**
     * LANG: lists the languages of the server's texts.
     *
     * @return the languages
     */
    public LangResponse lang() {
        return call(s -> s.lang(LangRequest.newBuilder().setSessionId(id()).build()));
    }

    /**
     * LANG: chooses the language of the server's texts.
     *
     * @param tag language tag (RFC 5646), or "*" for the server's default
     * @return the status line
     */
    public LangResponse lang(String tag) {
        return call(s -> s.lang(LangRequest.newBuilder().setSessionId(id()).setTag(tag).build()));
    }

    /**
     * USER and PASS. {@link #auth} is safer where the server has SASL.
     *
     * @param username user's name
     * @param password password
     * @return the status line of PASS
     */
    public String login(String username, String password) {
        user(username);
        return pass(password);
    }

    /**
     * AUTH: logs in by SASL.
     *
     * @param credentials who logs in; without a mechanism it is the strongest that both sides have
     * @return the status line and the mechanism
     */
    public AuthResponse auth(Credentials credentials) {
        return call(s -> s.auth(AuthRequest.newBuilder().setSessionId(id()).setCredentials(credentials).build()));
    }

    /**
     * USER.
     *
     * @param username user's name
     * @return the status line
     */
    public String user(String username) {
        return call(s -> s.user(UserRequest.newBuilder().setSessionId(id()).setUsername(username).build())).getResponse();
    }

    /**
     * PASS.
     *
     * @param password password
     * @return the status line
     */
    public String pass(String password) {
        return call(s -> s.pass(PassRequest.newBuilder().setSessionId(id()).setPassword(password).build())).getResponse();
    }

    /**
     * APOP. The secret does not go over the wire.
     *
     * @param username user's name
     * @param secret shared secret
     * @return the status line
     */
    public String apop(String username, String secret) {
        return call(s -> s.apop(ApopRequest.newBuilder().setSessionId(id()).setUsername(username).setSecret(secret).build())).getResponse();
    }

    /**
     * RPOP.
     *
     * @param username user's name
     * @return the status line
     */
    public String rpop(String username) {
        return call(s -> s.rpop(RpopRequest.newBuilder().setSessionId(id()).setUsername(username).build())).getResponse();
    }

    /**
     * STAT.
     *
     * @return number of messages and octets of the maildrop
     */
    public StatResponse stat() {
        return call(s -> s.stat(StatRequest.newBuilder().setSessionId(id()).build()));
    }

    /**
     * LIST: the octets of each message.
     *
     * @return batches: {@code response} in the first, {@code entries}, {@code octets} in the last
     */
    public Responses<ListResponse> list() {
        return new Responses<>(stub.list(ListRequest.newBuilder().setSessionId(id()).build()));
    }

    /**
     * LIST: the octets of one message.
     *
     * @param number message number, from 1
     * @return its line
     */
    public ListEntry list(int number) {
        ListRequest request = ListRequest.newBuilder().setSessionId(id()).setMessageNumber(number).build();
        return one(new Responses<>(stub.list(request)), ListResponse::getEntriesList);
    }

    /**
     * UIDL: the unique-id of each message.
     *
     * @return batches as those of {@link #list()}
     */
    public Responses<UidlResponse> uidl() {
        return new Responses<>(stub.uidl(UidlRequest.newBuilder().setSessionId(id()).build()));
    }

    /**
     * UIDL: the unique-id of one message.
     *
     * @param number message number, from 1
     * @return its line
     */
    public UidlEntry uidl(int number) {
        UidlRequest request = UidlRequest.newBuilder().setSessionId(id()).setMessageNumber(number).build();
        return one(new Responses<>(stub.uidl(request)), UidlResponse::getEntriesList);
    }

    /** Returns the one entry that there has to be. */
    private static <T, E> E one(Responses<T> responses, Function<T, List<E>> entries) {
        List<E> all = new ArrayList<>();
        try (responses) {
            responses.forEachRemaining(response -> all.addAll(entries.apply(response))); // to its end, which is the call's status
        }
        if (all.isEmpty()) {
            throw new IntegrityException("the listing has no entry");
        }
        return all.get(0);
    }

    /**
     * RETR: a message of any size.
     *
     * @param number message number, from 1
     * @return the message
     */
    public MessageInputStream retr(int number) {
        return retr(RetrRequest.newBuilder().setMessageNumber(number));
    }

    /**
     * RETR, unless LIST says that the message is larger, which is MESSAGE_TOO_LARGE.
     *
     * @param number message number, from 1
     * @param maxOctets the most octets, above 0
     * @return the message
     */
    public MessageInputStream retr(int number, long maxOctets) {
        return retr(RetrRequest.newBuilder().setMessageNumber(number).setMaxOctets(maxOctets));
    }

    private MessageInputStream retr(RetrRequest.Builder request) {
        return MessageInputStream.ofRetr(new Responses<>(stub.retr(request.setSessionId(id()).build())));
    }

    /**
     * TOP: the header and some lines of the body. Never take it for the whole message.
     *
     * @param number message number, from 1
     * @param lines how many lines of the body, from 0
     * @return the beginning of the message
     */
    public MessageInputStream top(int number, int lines) {
        TopRequest request = TopRequest.newBuilder().setSessionId(id()).setMessageNumber(number).setLines(lines).build();
        return MessageInputStream.ofTop(new Responses<>(stub.top(request)));
    }

    /**
     * DELE: marks a message. {@link #quit} removes it.
     *
     * @param number message number, from 1
     * @return the status line
     */
    public String dele(int number) {
        return call(s -> s.dele(DeleRequest.newBuilder().setSessionId(id()).setMessageNumber(number).build())).getResponse();
    }

    /**
     * DELE: marks a message if it has this unique-id, else it fails with UNIQUE_ID_MISMATCH.
     *
     * @param number message number, from 1
     * @param uniqueId in the form that {@link #uidl()} gave
     * @return the status line
     */
    public String dele(int number, String uniqueId) {
        DeleRequest request = DeleRequest.newBuilder().setSessionId(id()).setMessageNumber(number).setIfUniqueId(uniqueId).build();
        return call(s -> s.dele(request)).getResponse();
    }

    /**
     * RSET: takes all marks back.
     *
     * @return the status line
     */
    public String rset() {
        return call(s -> s.rset(RsetRequest.newBuilder().setSessionId(id()).build())).getResponse();
    }

    /**
     * NOOP.
     *
     * @return the status line
     */
    public String noop() {
        return call(s -> s.noop(NoopRequest.newBuilder().setSessionId(id()).build())).getResponse();
    }

    /**
     * QUIT: has the marked messages removed. Repeating it sends nothing and gets the same answer, so after a lost reply call it again.
     *
     * @return whether any were
     */
    public QuitResponse quit() {
        return call(s -> s.quit(QuitRequest.newBuilder().setSessionId(id()).build()));
    }
}
