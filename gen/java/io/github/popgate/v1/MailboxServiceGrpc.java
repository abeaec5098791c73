package io.github.popgate.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
 * replica can take any call.
 * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
 * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
 * looks unique once the first is gone.)
 * Rules of all RPCs:
 *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
 *     up to their deadline; the response header `popgate-waited-ms` says how long.
 *   - A message number is good for one login. Only unique-ids are compared between logins.
 *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
 *     marked.
 *   - Unique-ids are escaped as all text of servers is, in requests too.
 *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
 *     of a message with octets beyond ASCII.
 *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
 *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
 *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class MailboxServiceGrpc {

  private MailboxServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "popgate.v1.MailboxService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.ListMessagesRequest,
      io.github.popgate.v1.ListMessagesResponse> getListMessagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListMessages",
      requestType = io.github.popgate.v1.ListMessagesRequest.class,
      responseType = io.github.popgate.v1.ListMessagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.ListMessagesRequest,
      io.github.popgate.v1.ListMessagesResponse> getListMessagesMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.ListMessagesRequest, io.github.popgate.v1.ListMessagesResponse> getListMessagesMethod;
    if ((getListMessagesMethod = MailboxServiceGrpc.getListMessagesMethod) == null) {
      synchronized (MailboxServiceGrpc.class) {
        if ((getListMessagesMethod = MailboxServiceGrpc.getListMessagesMethod) == null) {
          MailboxServiceGrpc.getListMessagesMethod = getListMessagesMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.ListMessagesRequest, io.github.popgate.v1.ListMessagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListMessages"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.ListMessagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.ListMessagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MailboxServiceMethodDescriptorSupplier("ListMessages"))
              .build();
        }
      }
    }
    return getListMessagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.FetchMessagesRequest,
      io.github.popgate.v1.FetchMessagesResponse> getFetchMessagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FetchMessages",
      requestType = io.github.popgate.v1.FetchMessagesRequest.class,
      responseType = io.github.popgate.v1.FetchMessagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.FetchMessagesRequest,
      io.github.popgate.v1.FetchMessagesResponse> getFetchMessagesMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.FetchMessagesRequest, io.github.popgate.v1.FetchMessagesResponse> getFetchMessagesMethod;
    if ((getFetchMessagesMethod = MailboxServiceGrpc.getFetchMessagesMethod) == null) {
      synchronized (MailboxServiceGrpc.class) {
        if ((getFetchMessagesMethod = MailboxServiceGrpc.getFetchMessagesMethod) == null) {
          MailboxServiceGrpc.getFetchMessagesMethod = getFetchMessagesMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.FetchMessagesRequest, io.github.popgate.v1.FetchMessagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FetchMessages"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.FetchMessagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.FetchMessagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MailboxServiceMethodDescriptorSupplier("FetchMessages"))
              .build();
        }
      }
    }
    return getFetchMessagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.CollectMessagesRequest,
      io.github.popgate.v1.CollectMessagesResponse> getCollectMessagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CollectMessages",
      requestType = io.github.popgate.v1.CollectMessagesRequest.class,
      responseType = io.github.popgate.v1.CollectMessagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.CollectMessagesRequest,
      io.github.popgate.v1.CollectMessagesResponse> getCollectMessagesMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.CollectMessagesRequest, io.github.popgate.v1.CollectMessagesResponse> getCollectMessagesMethod;
    if ((getCollectMessagesMethod = MailboxServiceGrpc.getCollectMessagesMethod) == null) {
      synchronized (MailboxServiceGrpc.class) {
        if ((getCollectMessagesMethod = MailboxServiceGrpc.getCollectMessagesMethod) == null) {
          MailboxServiceGrpc.getCollectMessagesMethod = getCollectMessagesMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.CollectMessagesRequest, io.github.popgate.v1.CollectMessagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CollectMessages"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.CollectMessagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.CollectMessagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MailboxServiceMethodDescriptorSupplier("CollectMessages"))
              .build();
        }
      }
    }
    return getCollectMessagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.DeleteMessagesRequest,
      io.github.popgate.v1.DeleteMessagesResponse> getDeleteMessagesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteMessages",
      requestType = io.github.popgate.v1.DeleteMessagesRequest.class,
      responseType = io.github.popgate.v1.DeleteMessagesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.DeleteMessagesRequest,
      io.github.popgate.v1.DeleteMessagesResponse> getDeleteMessagesMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.DeleteMessagesRequest, io.github.popgate.v1.DeleteMessagesResponse> getDeleteMessagesMethod;
    if ((getDeleteMessagesMethod = MailboxServiceGrpc.getDeleteMessagesMethod) == null) {
      synchronized (MailboxServiceGrpc.class) {
        if ((getDeleteMessagesMethod = MailboxServiceGrpc.getDeleteMessagesMethod) == null) {
          MailboxServiceGrpc.getDeleteMessagesMethod = getDeleteMessagesMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.DeleteMessagesRequest, io.github.popgate.v1.DeleteMessagesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteMessages"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.DeleteMessagesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.DeleteMessagesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MailboxServiceMethodDescriptorSupplier("DeleteMessages"))
              .build();
        }
      }
    }
    return getDeleteMessagesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.DiagnoseServerRequest,
      io.github.popgate.v1.DiagnoseServerResponse> getDiagnoseServerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DiagnoseServer",
      requestType = io.github.popgate.v1.DiagnoseServerRequest.class,
      responseType = io.github.popgate.v1.DiagnoseServerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.DiagnoseServerRequest,
      io.github.popgate.v1.DiagnoseServerResponse> getDiagnoseServerMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.DiagnoseServerRequest, io.github.popgate.v1.DiagnoseServerResponse> getDiagnoseServerMethod;
    if ((getDiagnoseServerMethod = MailboxServiceGrpc.getDiagnoseServerMethod) == null) {
      synchronized (MailboxServiceGrpc.class) {
        if ((getDiagnoseServerMethod = MailboxServiceGrpc.getDiagnoseServerMethod) == null) {
          MailboxServiceGrpc.getDiagnoseServerMethod = getDiagnoseServerMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.DiagnoseServerRequest, io.github.popgate.v1.DiagnoseServerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DiagnoseServer"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.DiagnoseServerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.DiagnoseServerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new MailboxServiceMethodDescriptorSupplier("DiagnoseServer"))
              .build();
        }
      }
    }
    return getDiagnoseServerMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static MailboxServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MailboxServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MailboxServiceStub>() {
        @java.lang.Override
        public MailboxServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MailboxServiceStub(channel, callOptions);
        }
      };
    return MailboxServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static MailboxServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MailboxServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MailboxServiceBlockingV2Stub>() {
        @java.lang.Override
        public MailboxServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MailboxServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return MailboxServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static MailboxServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MailboxServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MailboxServiceBlockingStub>() {
        @java.lang.Override
        public MailboxServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MailboxServiceBlockingStub(channel, callOptions);
        }
      };
    return MailboxServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static MailboxServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<MailboxServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<MailboxServiceFutureStub>() {
        @java.lang.Override
        public MailboxServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new MailboxServiceFutureStub(channel, callOptions);
        }
      };
    return MailboxServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
   * replica can take any call.
   * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
   * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
   * looks unique once the first is gone.)
   * Rules of all RPCs:
   *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
   *     up to their deadline; the response header `popgate-waited-ms` says how long.
   *   - A message number is good for one login. Only unique-ids are compared between logins.
   *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
   *     marked.
   *   - Unique-ids are escaped as all text of servers is, in requests too.
   *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
   *     of a message with octets beyond ASCII.
   *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
   *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
   *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the maildrop: number, octets and unique-id of each message, and its header on request.
     * Stream: batches of up to 1,000 messages, then `summary`. A damaged line of the listing is an item with its raw line.
     * Wire: login, `UIDL`, `LIST`; with `header` `TOP n 0` for each message; `QUIT` at the end only where no TOP was sent, as some
     * servers take TOP for reading. Errors: NOT_SUPPORTED_BY_SERVER (TOP). Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    default void listMessages(io.github.popgate.v1.ListMessagesRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.ListMessagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListMessagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Delivers messages and deletes none.
     * Stream: `progress` once the maildrop is listed; then `parts`, those of one message one behind the other, small messages sharing a
     * response; `cursor` every 1,000 messages or 60 seconds and at the end; `summary` last. A message without `end` is none: do not
     * store it. What is new is the caller's knowledge: store the cursor with the messages, and give it next time. After a broken stream
     * give the last stored cursor and, as `seen_unique_ids`, what came after it.
     * QUIT is never sent, because Gmail and servers with `EXPIRE 0` remove at QUIT what was merely retrieved. So at Gmail, which lists
     * only some of the messages until QUIT, it does not advance: there use CollectMessages with DISPOSITION_KEEP. The call ends when the
     * server has closed its side of the connection too, or a second later at most, so that the mailbox is free for the next call.
     * Wire: login, `UIDL`, `LIST`, `RETR n` or `TOP n lines`, sent ahead where the server can do it. Limits: as Retr; 10,000 unique-ids;
     * a cursor of 1 MiB, which is some 130,000 messages left on the server.
     * Errors: INVALID_ARGUMENT (also a cursor of another mailbox, or a damaged one), NOT_SUPPORTED_BY_SERVER (UIDL, save for `all`).
     * Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    default void fetchMessages(io.github.popgate.v1.FetchMessagesRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.FetchMessagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFetchMessagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Delivers messages, and deletes those that the caller has settled for deletion.
     * The first request is `open`. Settle a message only when it is stored durably. QUIT is sent only when every message that was
     * retrieved since the login is settled: some servers remove at QUIT what was merely retrieved. So a message that the caller cannot
     * store is left unsettled, and nothing is lost.
     * A round is: login; `progress`; with `offer` the listing, and `choose`; `parts`, while no more messages and octets are unsettled
     * than the limits say; when a batch is full (`commit_messages`, `commit_interval`) or nothing is left, no further message is asked
     * for, and when all are settled QUIT is sent; `commit` says what became of each message of the batch; `cursor`. Then popgate logs in
     * again, after the LOGIN-DELAY that the server asks for, up to 60 seconds. A login that shows nothing new ends the call: `summary`,
     * OK. It is all one batch where the server has no unique-ids (only with `all`), where a message to deliver has none of its own, and
     * where the LOGIN-DELAY is longer. Message numbers are good for one round; unique-ids are matched anew in each. What a server
     * refused, or what was skipped, is not asked for again in the call.
     * What dies, and what becomes of the messages:
     *   - the caller, before it settled: nothing is deleted; delivered again.
     *   - the caller or popgate, after a settlement and before QUIT: the marks go with the connection; at most one batch is delivered
     *     again.
     *   - the reply to QUIT, or it is -ERR: popgate logs in again and looks. What is gone is DELETED (only if the listing is empty or
     *     holds another known unique-id), what is there is KEPT. Where it cannot log in, or unique-ids are not unique, it is UNKNOWN,
     *     and the call ends with COMMIT_UNKNOWN after the report.
     *   - the stream, or the replica drains: closed without QUIT. Nothing since the last `commit` is deleted.
     *   - a settlement, within `ack_timeout` or at half-close: closed without QUIT. popgate logs in afresh, marks what was settled for
     *     deletion, retrieves nothing, QUIT, `commit`; then FAILED_PRECONDITION and UNSETTLED. One message that cannot be stored does
     *     not hold up the deletion of the others.
     *   - a message, whose RETR is refused: a part with `failure`. It cannot be settled and does not hold up the commit.
     *   - the meaning of unique-ids, where a server changes them between logins: a round in which every delivery repeats the octets and
     *     the hash of one before, or whose listing has none of the unique-ids that should still be there, is the finding
     *     UNIQUE_IDS_UNSTABLE; the second such round ends the call with it as the reason.
     * A `cursor` knows what was settled, and nothing else; what was settled for deletion it knows only if a `commit` has said KEPT: what
     * else is still there comes again. At Gmail, which lists only some of the messages until they are retrieved and QUIT is sent, do not
     * give a cursor of FetchMessages, nor one that is older than a lost QUIT: what it knows and what is listed hides the rest. Give `all`
     * there. While popgate waits for the caller a NOOP every 30 seconds keeps the server.
     * A `credentials` request has the fresh secret of the same user for the next login. `credentials_needed` asks for it when such a
     * login is refused, and waits 60 seconds. Half-close when all is settled and nothing is under way ends the call as `stop` does.
     * Wire: as FetchMessages, with `DELE n` behind each settlement for deletion, `NOOP`, and `QUIT`. Limits: as FetchMessages; 10,000
     * delivery ids in one request. Errors: those of FetchMessages; INVALID_ARGUMENT (a request out of order, a number that was not
     * offered, a delivery that never was, credentials of another user): as after a broken stream nothing since the last `commit` is
     * deleted; UNSETTLED, UNIQUE_IDS_UNSTABLE, COMMIT_UNKNOWN, LOGIN_FAILED (fresh credentials were asked for and did not come, or
     * did not fit). Source: RFC 1939 sections 5 to 7, RFC 2449 sections 6.5 and 6.7.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<io.github.popgate.v1.CollectMessagesRequest> collectMessages(
        io.grpc.stub.StreamObserver<io.github.popgate.v1.CollectMessagesResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getCollectMessagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes messages by unique-id, and says of each what became of it.
     * Wire: login, `UIDL` and `LIST`, `DELE n` for each, `QUIT` when every DELE was answered; after a lost reply to QUIT another login
     * to look. Repeating it is safe: what is gone is NOT_FOUND. Limits: 10,000 unique-ids.
     * Errors: NOT_SUPPORTED_BY_SERVER (UIDL). What became of single messages is no error. Source: RFC 1939 sections 5 to 7.
     * </pre>
     */
    default void deleteMessages(io.github.popgate.v1.DeleteMessagesRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.DeleteMessagesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteMessagesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Finds out why a mailbox cannot be read, or how well it can be, and changes nothing.
     * What is wrong with the server is no error of the call: it is a finding, with its severity and a remedy. A step that fails ends
     * those that build on it, and the response has what was learnt before. Without credentials popgate does not log in.
     * Up to four connections, one behind the other, each closed without QUIT: in plaintext for the greeting and CAPA, unless TLS begins
     * at once; with TLS for the same; a login that lists the maildrop and tries TOP and PIPELINING; another login that lists it again,
     * once a LOGIN-DELAY of up to 60 seconds is over, else not. A connection more for a login where the server hangs up on CAPA, and
     * one to find out what is wrong with TLS: in that handshake any certificate and version will do, and it is broken off as soon as
     * the certificate is there, so nothing is sent over TLS that is not verified.
     * Wire: `CAPA`, `STLS`, login, `UIDL`, `LIST`, `TOP` of up to three messages of up to 64 KiB, which some servers take for reading;
     * never `RETR`, `DELE` or `QUIT`. Limits: those of Server's `io_timeout` for each wait, so that a server that is silent everywhere
     * takes some minutes. Errors: INVALID_ARGUMENT, TARGET_NOT_ALLOWED, TLS_REQUIRED (unverified TLS, or credentials over plaintext,
     * that the operator does not allow), QUOTA_EXCEEDED, DRAINING, CALLER_UNAUTHENTICATED, INTERNAL, and no others.
     * Source: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 8305.
     * </pre>
     */
    default void diagnoseServer(io.github.popgate.v1.DiagnoseServerRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.DiagnoseServerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDiagnoseServerMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service MailboxService.
   * <pre>
   * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
   * replica can take any call.
   * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
   * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
   * looks unique once the first is gone.)
   * Rules of all RPCs:
   *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
   *     up to their deadline; the response header `popgate-waited-ms` says how long.
   *   - A message number is good for one login. Only unique-ids are compared between logins.
   *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
   *     marked.
   *   - Unique-ids are escaped as all text of servers is, in requests too.
   *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
   *     of a message with octets beyond ASCII.
   *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
   *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
   *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
   * </pre>
   */
  public static abstract class MailboxServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return MailboxServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service MailboxService.
   * <pre>
   * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
   * replica can take any call.
   * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
   * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
   * looks unique once the first is gone.)
   * Rules of all RPCs:
   *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
   *     up to their deadline; the response header `popgate-waited-ms` says how long.
   *   - A message number is good for one login. Only unique-ids are compared between logins.
   *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
   *     marked.
   *   - Unique-ids are escaped as all text of servers is, in requests too.
   *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
   *     of a message with octets beyond ASCII.
   *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
   *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
   *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
   * </pre>
   */
  public static final class MailboxServiceStub
      extends io.grpc.stub.AbstractAsyncStub<MailboxServiceStub> {
    private MailboxServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MailboxServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MailboxServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the maildrop: number, octets and unique-id of each message, and its header on request.
     * Stream: batches of up to 1,000 messages, then `summary`. A damaged line of the listing is an item with its raw line.
     * Wire: login, `UIDL`, `LIST`; with `header` `TOP n 0` for each message; `QUIT` at the end only where no TOP was sent, as some
     * servers take TOP for reading. Errors: NOT_SUPPORTED_BY_SERVER (TOP). Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    public void listMessages(io.github.popgate.v1.ListMessagesRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.ListMessagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getListMessagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Delivers messages and deletes none.
     * Stream: `progress` once the maildrop is listed; then `parts`, those of one message one behind the other, small messages sharing a
     * response; `cursor` every 1,000 messages or 60 seconds and at the end; `summary` last. A message without `end` is none: do not
     * store it. What is new is the caller's knowledge: store the cursor with the messages, and give it next time. After a broken stream
     * give the last stored cursor and, as `seen_unique_ids`, what came after it.
     * QUIT is never sent, because Gmail and servers with `EXPIRE 0` remove at QUIT what was merely retrieved. So at Gmail, which lists
     * only some of the messages until QUIT, it does not advance: there use CollectMessages with DISPOSITION_KEEP. The call ends when the
     * server has closed its side of the connection too, or a second later at most, so that the mailbox is free for the next call.
     * Wire: login, `UIDL`, `LIST`, `RETR n` or `TOP n lines`, sent ahead where the server can do it. Limits: as Retr; 10,000 unique-ids;
     * a cursor of 1 MiB, which is some 130,000 messages left on the server.
     * Errors: INVALID_ARGUMENT (also a cursor of another mailbox, or a damaged one), NOT_SUPPORTED_BY_SERVER (UIDL, save for `all`).
     * Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    public void fetchMessages(io.github.popgate.v1.FetchMessagesRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.FetchMessagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getFetchMessagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Delivers messages, and deletes those that the caller has settled for deletion.
     * The first request is `open`. Settle a message only when it is stored durably. QUIT is sent only when every message that was
     * retrieved since the login is settled: some servers remove at QUIT what was merely retrieved. So a message that the caller cannot
     * store is left unsettled, and nothing is lost.
     * A round is: login; `progress`; with `offer` the listing, and `choose`; `parts`, while no more messages and octets are unsettled
     * than the limits say; when a batch is full (`commit_messages`, `commit_interval`) or nothing is left, no further message is asked
     * for, and when all are settled QUIT is sent; `commit` says what became of each message of the batch; `cursor`. Then popgate logs in
     * again, after the LOGIN-DELAY that the server asks for, up to 60 seconds. A login that shows nothing new ends the call: `summary`,
     * OK. It is all one batch where the server has no unique-ids (only with `all`), where a message to deliver has none of its own, and
     * where the LOGIN-DELAY is longer. Message numbers are good for one round; unique-ids are matched anew in each. What a server
     * refused, or what was skipped, is not asked for again in the call.
     * What dies, and what becomes of the messages:
     *   - the caller, before it settled: nothing is deleted; delivered again.
     *   - the caller or popgate, after a settlement and before QUIT: the marks go with the connection; at most one batch is delivered
     *     again.
     *   - the reply to QUIT, or it is -ERR: popgate logs in again and looks. What is gone is DELETED (only if the listing is empty or
     *     holds another known unique-id), what is there is KEPT. Where it cannot log in, or unique-ids are not unique, it is UNKNOWN,
     *     and the call ends with COMMIT_UNKNOWN after the report.
     *   - the stream, or the replica drains: closed without QUIT. Nothing since the last `commit` is deleted.
     *   - a settlement, within `ack_timeout` or at half-close: closed without QUIT. popgate logs in afresh, marks what was settled for
     *     deletion, retrieves nothing, QUIT, `commit`; then FAILED_PRECONDITION and UNSETTLED. One message that cannot be stored does
     *     not hold up the deletion of the others.
     *   - a message, whose RETR is refused: a part with `failure`. It cannot be settled and does not hold up the commit.
     *   - the meaning of unique-ids, where a server changes them between logins: a round in which every delivery repeats the octets and
     *     the hash of one before, or whose listing has none of the unique-ids that should still be there, is the finding
     *     UNIQUE_IDS_UNSTABLE; the second such round ends the call with it as the reason.
     * A `cursor` knows what was settled, and nothing else; what was settled for deletion it knows only if a `commit` has said KEPT: what
     * else is still there comes again. At Gmail, which lists only some of the messages until they are retrieved and QUIT is sent, do not
     * give a cursor of FetchMessages, nor one that is older than a lost QUIT: what it knows and what is listed hides the rest. Give `all`
     * there. While popgate waits for the caller a NOOP every 30 seconds keeps the server.
     * A `credentials` request has the fresh secret of the same user for the next login. `credentials_needed` asks for it when such a
     * login is refused, and waits 60 seconds. Half-close when all is settled and nothing is under way ends the call as `stop` does.
     * Wire: as FetchMessages, with `DELE n` behind each settlement for deletion, `NOOP`, and `QUIT`. Limits: as FetchMessages; 10,000
     * delivery ids in one request. Errors: those of FetchMessages; INVALID_ARGUMENT (a request out of order, a number that was not
     * offered, a delivery that never was, credentials of another user): as after a broken stream nothing since the last `commit` is
     * deleted; UNSETTLED, UNIQUE_IDS_UNSTABLE, COMMIT_UNKNOWN, LOGIN_FAILED (fresh credentials were asked for and did not come, or
     * did not fit). Source: RFC 1939 sections 5 to 7, RFC 2449 sections 6.5 and 6.7.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<io.github.popgate.v1.CollectMessagesRequest> collectMessages(
        io.grpc.stub.StreamObserver<io.github.popgate.v1.CollectMessagesResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getCollectMessagesMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Deletes messages by unique-id, and says of each what became of it.
     * Wire: login, `UIDL` and `LIST`, `DELE n` for each, `QUIT` when every DELE was answered; after a lost reply to QUIT another login
     * to look. Repeating it is safe: what is gone is NOT_FOUND. Limits: 10,000 unique-ids.
     * Errors: NOT_SUPPORTED_BY_SERVER (UIDL). What became of single messages is no error. Source: RFC 1939 sections 5 to 7.
     * </pre>
     */
    public void deleteMessages(io.github.popgate.v1.DeleteMessagesRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.DeleteMessagesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteMessagesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Finds out why a mailbox cannot be read, or how well it can be, and changes nothing.
     * What is wrong with the server is no error of the call: it is a finding, with its severity and a remedy. A step that fails ends
     * those that build on it, and the response has what was learnt before. Without credentials popgate does not log in.
     * Up to four connections, one behind the other, each closed without QUIT: in plaintext for the greeting and CAPA, unless TLS begins
     * at once; with TLS for the same; a login that lists the maildrop and tries TOP and PIPELINING; another login that lists it again,
     * once a LOGIN-DELAY of up to 60 seconds is over, else not. A connection more for a login where the server hangs up on CAPA, and
     * one to find out what is wrong with TLS: in that handshake any certificate and version will do, and it is broken off as soon as
     * the certificate is there, so nothing is sent over TLS that is not verified.
     * Wire: `CAPA`, `STLS`, login, `UIDL`, `LIST`, `TOP` of up to three messages of up to 64 KiB, which some servers take for reading;
     * never `RETR`, `DELE` or `QUIT`. Limits: those of Server's `io_timeout` for each wait, so that a server that is silent everywhere
     * takes some minutes. Errors: INVALID_ARGUMENT, TARGET_NOT_ALLOWED, TLS_REQUIRED (unverified TLS, or credentials over plaintext,
     * that the operator does not allow), QUOTA_EXCEEDED, DRAINING, CALLER_UNAUTHENTICATED, INTERNAL, and no others.
     * Source: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 8305.
     * </pre>
     */
    public void diagnoseServer(io.github.popgate.v1.DiagnoseServerRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.DiagnoseServerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDiagnoseServerMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service MailboxService.
   * <pre>
   * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
   * replica can take any call.
   * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
   * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
   * looks unique once the first is gone.)
   * Rules of all RPCs:
   *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
   *     up to their deadline; the response header `popgate-waited-ms` says how long.
   *   - A message number is good for one login. Only unique-ids are compared between logins.
   *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
   *     marked.
   *   - Unique-ids are escaped as all text of servers is, in requests too.
   *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
   *     of a message with octets beyond ASCII.
   *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
   *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
   *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
   * </pre>
   */
  public static final class MailboxServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<MailboxServiceBlockingV2Stub> {
    private MailboxServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MailboxServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MailboxServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the maildrop: number, octets and unique-id of each message, and its header on request.
     * Stream: batches of up to 1,000 messages, then `summary`. A damaged line of the listing is an item with its raw line.
     * Wire: login, `UIDL`, `LIST`; with `header` `TOP n 0` for each message; `QUIT` at the end only where no TOP was sent, as some
     * servers take TOP for reading. Errors: NOT_SUPPORTED_BY_SERVER (TOP). Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.ListMessagesResponse>
        listMessages(io.github.popgate.v1.ListMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getListMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Delivers messages and deletes none.
     * Stream: `progress` once the maildrop is listed; then `parts`, those of one message one behind the other, small messages sharing a
     * response; `cursor` every 1,000 messages or 60 seconds and at the end; `summary` last. A message without `end` is none: do not
     * store it. What is new is the caller's knowledge: store the cursor with the messages, and give it next time. After a broken stream
     * give the last stored cursor and, as `seen_unique_ids`, what came after it.
     * QUIT is never sent, because Gmail and servers with `EXPIRE 0` remove at QUIT what was merely retrieved. So at Gmail, which lists
     * only some of the messages until QUIT, it does not advance: there use CollectMessages with DISPOSITION_KEEP. The call ends when the
     * server has closed its side of the connection too, or a second later at most, so that the mailbox is free for the next call.
     * Wire: login, `UIDL`, `LIST`, `RETR n` or `TOP n lines`, sent ahead where the server can do it. Limits: as Retr; 10,000 unique-ids;
     * a cursor of 1 MiB, which is some 130,000 messages left on the server.
     * Errors: INVALID_ARGUMENT (also a cursor of another mailbox, or a damaged one), NOT_SUPPORTED_BY_SERVER (UIDL, save for `all`).
     * Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.FetchMessagesResponse>
        fetchMessages(io.github.popgate.v1.FetchMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getFetchMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Delivers messages, and deletes those that the caller has settled for deletion.
     * The first request is `open`. Settle a message only when it is stored durably. QUIT is sent only when every message that was
     * retrieved since the login is settled: some servers remove at QUIT what was merely retrieved. So a message that the caller cannot
     * store is left unsettled, and nothing is lost.
     * A round is: login; `progress`; with `offer` the listing, and `choose`; `parts`, while no more messages and octets are unsettled
     * than the limits say; when a batch is full (`commit_messages`, `commit_interval`) or nothing is left, no further message is asked
     * for, and when all are settled QUIT is sent; `commit` says what became of each message of the batch; `cursor`. Then popgate logs in
     * again, after the LOGIN-DELAY that the server asks for, up to 60 seconds. A login that shows nothing new ends the call: `summary`,
     * OK. It is all one batch where the server has no unique-ids (only with `all`), where a message to deliver has none of its own, and
     * where the LOGIN-DELAY is longer. Message numbers are good for one round; unique-ids are matched anew in each. What a server
     * refused, or what was skipped, is not asked for again in the call.
     * What dies, and what becomes of the messages:
     *   - the caller, before it settled: nothing is deleted; delivered again.
     *   - the caller or popgate, after a settlement and before QUIT: the marks go with the connection; at most one batch is delivered
     *     again.
     *   - the reply to QUIT, or it is -ERR: popgate logs in again and looks. What is gone is DELETED (only if the listing is empty or
     *     holds another known unique-id), what is there is KEPT. Where it cannot log in, or unique-ids are not unique, it is UNKNOWN,
     *     and the call ends with COMMIT_UNKNOWN after the report.
     *   - the stream, or the replica drains: closed without QUIT. Nothing since the last `commit` is deleted.
     *   - a settlement, within `ack_timeout` or at half-close: closed without QUIT. popgate logs in afresh, marks what was settled for
     *     deletion, retrieves nothing, QUIT, `commit`; then FAILED_PRECONDITION and UNSETTLED. One message that cannot be stored does
     *     not hold up the deletion of the others.
     *   - a message, whose RETR is refused: a part with `failure`. It cannot be settled and does not hold up the commit.
     *   - the meaning of unique-ids, where a server changes them between logins: a round in which every delivery repeats the octets and
     *     the hash of one before, or whose listing has none of the unique-ids that should still be there, is the finding
     *     UNIQUE_IDS_UNSTABLE; the second such round ends the call with it as the reason.
     * A `cursor` knows what was settled, and nothing else; what was settled for deletion it knows only if a `commit` has said KEPT: what
     * else is still there comes again. At Gmail, which lists only some of the messages until they are retrieved and QUIT is sent, do not
     * give a cursor of FetchMessages, nor one that is older than a lost QUIT: what it knows and what is listed hides the rest. Give `all`
     * there. While popgate waits for the caller a NOOP every 30 seconds keeps the server.
     * A `credentials` request has the fresh secret of the same user for the next login. `credentials_needed` asks for it when such a
     * login is refused, and waits 60 seconds. Half-close when all is settled and nothing is under way ends the call as `stop` does.
     * Wire: as FetchMessages, with `DELE n` behind each settlement for deletion, `NOOP`, and `QUIT`. Limits: as FetchMessages; 10,000
     * delivery ids in one request. Errors: those of FetchMessages; INVALID_ARGUMENT (a request out of order, a number that was not
     * offered, a delivery that never was, credentials of another user): as after a broken stream nothing since the last `commit` is
     * deleted; UNSETTLED, UNIQUE_IDS_UNSTABLE, COMMIT_UNKNOWN, LOGIN_FAILED (fresh credentials were asked for and did not come, or
     * did not fit). Source: RFC 1939 sections 5 to 7, RFC 2449 sections 6.5 and 6.7.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<io.github.popgate.v1.CollectMessagesRequest, io.github.popgate.v1.CollectMessagesResponse>
        collectMessages() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getCollectMessagesMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Deletes messages by unique-id, and says of each what became of it.
     * Wire: login, `UIDL` and `LIST`, `DELE n` for each, `QUIT` when every DELE was answered; after a lost reply to QUIT another login
     * to look. Repeating it is safe: what is gone is NOT_FOUND. Limits: 10,000 unique-ids.
     * Errors: NOT_SUPPORTED_BY_SERVER (UIDL). What became of single messages is no error. Source: RFC 1939 sections 5 to 7.
     * </pre>
     */
    public io.github.popgate.v1.DeleteMessagesResponse deleteMessages(io.github.popgate.v1.DeleteMessagesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Finds out why a mailbox cannot be read, or how well it can be, and changes nothing.
     * What is wrong with the server is no error of the call: it is a finding, with its severity and a remedy. A step that fails ends
     * those that build on it, and the response has what was learnt before. Without credentials popgate does not log in.
     * Up to four connections, one behind the other, each closed without QUIT: in plaintext for the greeting and CAPA, unless TLS begins
     * at once; with TLS for the same; a login that lists the maildrop and tries TOP and PIPELINING; another login that lists it again,
     * once a LOGIN-DELAY of up to 60 seconds is over, else not. A connection more for a login where the server hangs up on CAPA, and
     * one to find out what is wrong with TLS: in that handshake any certificate and version will do, and it is broken off as soon as
     * the certificate is there, so nothing is sent over TLS that is not verified.
     * Wire: `CAPA`, `STLS`, login, `UIDL`, `LIST`, `TOP` of up to three messages of up to 64 KiB, which some servers take for reading;
     * never `RETR`, `DELE` or `QUIT`. Limits: those of Server's `io_timeout` for each wait, so that a server that is silent everywhere
     * takes some minutes. Errors: INVALID_ARGUMENT, TARGET_NOT_ALLOWED, TLS_REQUIRED (unverified TLS, or credentials over plaintext,
     * that the operator does not allow), QUOTA_EXCEEDED, DRAINING, CALLER_UNAUTHENTICATED, INTERNAL, and no others.
     * Source: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 8305.
     * </pre>
     */
    public io.github.popgate.v1.DiagnoseServerResponse diagnoseServer(io.github.popgate.v1.DiagnoseServerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDiagnoseServerMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service MailboxService.
   * <pre>
   * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
   * replica can take any call.
   * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
   * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
   * looks unique once the first is gone.)
   * Rules of all RPCs:
   *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
   *     up to their deadline; the response header `popgate-waited-ms` says how long.
   *   - A message number is good for one login. Only unique-ids are compared between logins.
   *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
   *     marked.
   *   - Unique-ids are escaped as all text of servers is, in requests too.
   *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
   *     of a message with octets beyond ASCII.
   *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
   *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
   *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
   * </pre>
   */
  public static final class MailboxServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<MailboxServiceBlockingStub> {
    private MailboxServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MailboxServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MailboxServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the maildrop: number, octets and unique-id of each message, and its header on request.
     * Stream: batches of up to 1,000 messages, then `summary`. A damaged line of the listing is an item with its raw line.
     * Wire: login, `UIDL`, `LIST`; with `header` `TOP n 0` for each message; `QUIT` at the end only where no TOP was sent, as some
     * servers take TOP for reading. Errors: NOT_SUPPORTED_BY_SERVER (TOP). Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.ListMessagesResponse> listMessages(
        io.github.popgate.v1.ListMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getListMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Delivers messages and deletes none.
     * Stream: `progress` once the maildrop is listed; then `parts`, those of one message one behind the other, small messages sharing a
     * response; `cursor` every 1,000 messages or 60 seconds and at the end; `summary` last. A message without `end` is none: do not
     * store it. What is new is the caller's knowledge: store the cursor with the messages, and give it next time. After a broken stream
     * give the last stored cursor and, as `seen_unique_ids`, what came after it.
     * QUIT is never sent, because Gmail and servers with `EXPIRE 0` remove at QUIT what was merely retrieved. So at Gmail, which lists
     * only some of the messages until QUIT, it does not advance: there use CollectMessages with DISPOSITION_KEEP. The call ends when the
     * server has closed its side of the connection too, or a second later at most, so that the mailbox is free for the next call.
     * Wire: login, `UIDL`, `LIST`, `RETR n` or `TOP n lines`, sent ahead where the server can do it. Limits: as Retr; 10,000 unique-ids;
     * a cursor of 1 MiB, which is some 130,000 messages left on the server.
     * Errors: INVALID_ARGUMENT (also a cursor of another mailbox, or a damaged one), NOT_SUPPORTED_BY_SERVER (UIDL, save for `all`).
     * Source: RFC 1939 sections 5 and 7.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.FetchMessagesResponse> fetchMessages(
        io.github.popgate.v1.FetchMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getFetchMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes messages by unique-id, and says of each what became of it.
     * Wire: login, `UIDL` and `LIST`, `DELE n` for each, `QUIT` when every DELE was answered; after a lost reply to QUIT another login
     * to look. Repeating it is safe: what is gone is NOT_FOUND. Limits: 10,000 unique-ids.
     * Errors: NOT_SUPPORTED_BY_SERVER (UIDL). What became of single messages is no error. Source: RFC 1939 sections 5 to 7.
     * </pre>
     */
    public io.github.popgate.v1.DeleteMessagesResponse deleteMessages(io.github.popgate.v1.DeleteMessagesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteMessagesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Finds out why a mailbox cannot be read, or how well it can be, and changes nothing.
     * What is wrong with the server is no error of the call: it is a finding, with its severity and a remedy. A step that fails ends
     * those that build on it, and the response has what was learnt before. Without credentials popgate does not log in.
     * Up to four connections, one behind the other, each closed without QUIT: in plaintext for the greeting and CAPA, unless TLS begins
     * at once; with TLS for the same; a login that lists the maildrop and tries TOP and PIPELINING; another login that lists it again,
     * once a LOGIN-DELAY of up to 60 seconds is over, else not. A connection more for a login where the server hangs up on CAPA, and
     * one to find out what is wrong with TLS: in that handshake any certificate and version will do, and it is broken off as soon as
     * the certificate is there, so nothing is sent over TLS that is not verified.
     * Wire: `CAPA`, `STLS`, login, `UIDL`, `LIST`, `TOP` of up to three messages of up to 64 KiB, which some servers take for reading;
     * never `RETR`, `DELE` or `QUIT`. Limits: those of Server's `io_timeout` for each wait, so that a server that is silent everywhere
     * takes some minutes. Errors: INVALID_ARGUMENT, TARGET_NOT_ALLOWED, TLS_REQUIRED (unverified TLS, or credentials over plaintext,
     * that the operator does not allow), QUOTA_EXCEEDED, DRAINING, CALLER_UNAUTHENTICATED, INTERNAL, and no others.
     * Source: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 8305.
     * </pre>
     */
    public io.github.popgate.v1.DiagnoseServerResponse diagnoseServer(io.github.popgate.v1.DiagnoseServerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDiagnoseServerMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service MailboxService.
   * <pre>
   * MailboxService does one job on one mailbox in a call: it logs in, works, and ends the connection. Nothing outlives the call, so any
   * replica can take any call.
   * What it promises: each message arrives at least once, and with the unique-id and the SHA-256 together as the key of what is stored,
   * exactly once; nothing is deleted that was not acknowledged. (The unique-id alone is no key: of two messages with one id the second
   * looks unique once the first is gone.)
   * Rules of all RPCs:
   *   - One call at a time works on a mailbox, that is, for one caller, host and user. Others wait for it, and for a place at the host,
   *     up to their deadline; the response header `popgate-waited-ms` says how long.
   *   - A message number is good for one login. Only unique-ids are compared between logins.
   *   - A unique-id that is blank, or that two messages of the listing have, never counts as seen: such a message is delivered again,
   *     marked.
   *   - Unique-ids are escaped as all text of servers is, in requests too.
   *   - Where the server has UTF8 it is sent before the login (RFC 6856 section 2): without it a server may send a substitute in place
   *     of a message with octets beyond ASCII.
   *   - A lost connection ends the call with UNAVAILABLE and CONNECTION_LOST; popgate does not repeat a job by itself.
   *   - Errors of all: INVALID_ARGUMENT, those of OpenSession and Auth, QUOTA_EXCEEDED, DRAINING, CONNECTION_LOST, TIMEOUT,
   *     PROTOCOL_ERROR, CALLER_UNAUTHENTICATED, INTERNAL. They are not repeated below.
   * </pre>
   */
  public static final class MailboxServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<MailboxServiceFutureStub> {
    private MailboxServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected MailboxServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new MailboxServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Deletes messages by unique-id, and says of each what became of it.
     * Wire: login, `UIDL` and `LIST`, `DELE n` for each, `QUIT` when every DELE was answered; after a lost reply to QUIT another login
     * to look. Repeating it is safe: what is gone is NOT_FOUND. Limits: 10,000 unique-ids.
     * Errors: NOT_SUPPORTED_BY_SERVER (UIDL). What became of single messages is no error. Source: RFC 1939 sections 5 to 7.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.DeleteMessagesResponse> deleteMessages(
        io.github.popgate.v1.DeleteMessagesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteMessagesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Finds out why a mailbox cannot be read, or how well it can be, and changes nothing.
     * What is wrong with the server is no error of the call: it is a finding, with its severity and a remedy. A step that fails ends
     * those that build on it, and the response has what was learnt before. Without credentials popgate does not log in.
     * Up to four connections, one behind the other, each closed without QUIT: in plaintext for the greeting and CAPA, unless TLS begins
     * at once; with TLS for the same; a login that lists the maildrop and tries TOP and PIPELINING; another login that lists it again,
     * once a LOGIN-DELAY of up to 60 seconds is over, else not. A connection more for a login where the server hangs up on CAPA, and
     * one to find out what is wrong with TLS: in that handshake any certificate and version will do, and it is broken off as soon as
     * the certificate is there, so nothing is sent over TLS that is not verified.
     * Wire: `CAPA`, `STLS`, login, `UIDL`, `LIST`, `TOP` of up to three messages of up to 64 KiB, which some servers take for reading;
     * never `RETR`, `DELE` or `QUIT`. Limits: those of Server's `io_timeout` for each wait, so that a server that is silent everywhere
     * takes some minutes. Errors: INVALID_ARGUMENT, TARGET_NOT_ALLOWED, TLS_REQUIRED (unverified TLS, or credentials over plaintext,
     * that the operator does not allow), QUOTA_EXCEEDED, DRAINING, CALLER_UNAUTHENTICATED, INTERNAL, and no others.
     * Source: RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 8305.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.DiagnoseServerResponse> diagnoseServer(
        io.github.popgate.v1.DiagnoseServerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDiagnoseServerMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_MESSAGES = 0;
  private static final int METHODID_FETCH_MESSAGES = 1;
  private static final int METHODID_DELETE_MESSAGES = 2;
  private static final int METHODID_DIAGNOSE_SERVER = 3;
  private static final int METHODID_COLLECT_MESSAGES = 4;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_LIST_MESSAGES:
          serviceImpl.listMessages((io.github.popgate.v1.ListMessagesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.ListMessagesResponse>) responseObserver);
          break;
        case METHODID_FETCH_MESSAGES:
          serviceImpl.fetchMessages((io.github.popgate.v1.FetchMessagesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.FetchMessagesResponse>) responseObserver);
          break;
        case METHODID_DELETE_MESSAGES:
          serviceImpl.deleteMessages((io.github.popgate.v1.DeleteMessagesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.DeleteMessagesResponse>) responseObserver);
          break;
        case METHODID_DIAGNOSE_SERVER:
          serviceImpl.diagnoseServer((io.github.popgate.v1.DiagnoseServerRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.DiagnoseServerResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_COLLECT_MESSAGES:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.collectMessages(
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.CollectMessagesResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListMessagesMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.ListMessagesRequest,
              io.github.popgate.v1.ListMessagesResponse>(
                service, METHODID_LIST_MESSAGES)))
        .addMethod(
          getFetchMessagesMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.FetchMessagesRequest,
              io.github.popgate.v1.FetchMessagesResponse>(
                service, METHODID_FETCH_MESSAGES)))
        .addMethod(
          getCollectMessagesMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.CollectMessagesRequest,
              io.github.popgate.v1.CollectMessagesResponse>(
                service, METHODID_COLLECT_MESSAGES)))
        .addMethod(
          getDeleteMessagesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.DeleteMessagesRequest,
              io.github.popgate.v1.DeleteMessagesResponse>(
                service, METHODID_DELETE_MESSAGES)))
        .addMethod(
          getDiagnoseServerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.DiagnoseServerRequest,
              io.github.popgate.v1.DiagnoseServerResponse>(
                service, METHODID_DIAGNOSE_SERVER)))
        .build();
  }

  private static abstract class MailboxServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    MailboxServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.popgate.v1.MailboxServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("MailboxService");
    }
  }

  private static final class MailboxServiceFileDescriptorSupplier
      extends MailboxServiceBaseDescriptorSupplier {
    MailboxServiceFileDescriptorSupplier() {}
  }

  private static final class MailboxServiceMethodDescriptorSupplier
      extends MailboxServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    MailboxServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (MailboxServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new MailboxServiceFileDescriptorSupplier())
              .addMethod(getListMessagesMethod())
              .addMethod(getFetchMessagesMethod())
              .addMethod(getCollectMessagesMethod())
              .addMethod(getDeleteMessagesMethod())
              .addMethod(getDiagnoseServerMethod())
              .build();
        }
      }
    }
    return result;
  }
}
