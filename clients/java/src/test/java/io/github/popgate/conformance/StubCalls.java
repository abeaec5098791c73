package io.github.popgate.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.github.popgate.Client;
import io.github.popgate.PopgateException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusException;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Calls of the generated stubs, whose methods are found by name. */
final class StubCalls {
    private final Client client;
    private BlockingClientCall<Message, Message> stream;
    private Method builderOfStream;

    StubCalls(Client client) {
        this.client = client;
    }

    /** Cancels each call as soon as it has started. */
    private static final class CancelAtOnce implements ClientInterceptor {
        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void halfClose() {
                    super.halfClose();
                    cancel("as told", null);
                }
            };
        }
    }

    private AbstractStub<?> stub(JsonObject request) {
        AbstractStub<?> stub = Runner.text(request, "method").startsWith("Pop3Service/") ? client.pop3() : client.mailbox();
        int deadline = Runner.number(request, "deadline_ms");
        return deadline == 0 ? stub : stub.withDeadlineAfter(deadline, TimeUnit.MILLISECONDS);
    }

    private static Method method(AbstractStub<?> stub, JsonObject request) {
        String name = Runner.text(request, "method");
        name = name.substring(name.indexOf('/') + 1);
        name = name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
        for (Method method : stub.getClass().getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                return method;
            }
        }
        throw new IllegalArgumentException("no method " + name);
    }

    /** Makes a unary or a server-streaming call. */
    void call(JsonObject request, JsonObject answer) throws Exception {
        AtomicReference<Metadata> header = new AtomicReference<>();
        AbstractStub<?> stub = stub(request).withInterceptors(
                MetadataUtils.newAttachHeadersInterceptor(metadata(request)),
                MetadataUtils.newCaptureMetadataInterceptor(header, new AtomicReference<>()));
        int cancelAfter = request.has("cancel_after") ? Runner.number(request, "cancel_after") : -1;
        if (cancelAfter == 0) {
            stub = stub.withInterceptors(new CancelAtOnce());
        }
        Method method = method(stub, request);
        Message.Builder builder = (Message.Builder) method.getParameterTypes()[0].getMethod("newBuilder").invoke(null);
        Message message = Runner.message(request, "request", builder).build();
        Called called = new Called(answer);
        try {
            Object result = method.invoke(stub, message);
            if (result instanceof BlockingClientCall<?, ?> responses) {
                called.read(responses, cancelAfter);
            } else {
                called.add((Message) result);
            }
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof StatusException status ? PopgateException.of(status) : e;
        } catch (StatusException e) {
            throw PopgateException.of(e);
        } finally {
            called.finish(header.get());
        }
    }

    private static Metadata metadata(JsonObject request) {
        Metadata metadata = new Metadata();
        if (request.has("metadata")) {
            for (Map.Entry<String, JsonElement> entry : request.getAsJsonObject("metadata").entrySet()) {
                metadata.put(Metadata.Key.of(entry.getKey(), Metadata.ASCII_STRING_MARSHALLER), entry.getValue().getAsString());
            }
        }
        return metadata;
    }

    /** What comes of a call, into its answer. */
    private static final class Called {
        private final JsonObject answer;
        private final JsonArray responses = new JsonArray();
        private final MessageDigest sha256 = Runner.sha256();
        private long octets;

        Called(JsonObject answer) {
            this.answer = answer;
        }

        void read(BlockingClientCall<?, ?> call, int cancelAfter) throws Exception {
            for (Object response = call.read(); response != null; response = call.read()) {
                add((Message) response);
                if (responses.size() == cancelAfter) {
                    call.cancel("as told", null);
                }
            }
        }

        /** Adds a response, and takes the data out of one of Retr and Top. */
        void add(Message message) throws InvalidProtocolBufferException {
            FieldDescriptor data = message.getDescriptorForType().findFieldByName("data");
            if (data != null && message.getDescriptorForType().findFieldByName("crc32") != null) {
                ByteString piece = (ByteString) message.getField(data);
                octets += piece.size();
                piece.asReadOnlyByteBufferList().forEach(sha256::update);
                message = message.toBuilder().clearField(data).build();
            }
            responses.add(json(message));
        }

        void finish(Metadata header) {
            answer.add("responses", responses);
            answer.addProperty("octets", octets);
            answer.addProperty("sha256", HexFormat.of().formatHex(sha256.digest()));
            JsonObject first = new JsonObject();
            if (header != null) {
                for (String key : header.keys()) {
                    if (!key.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                        first.addProperty(key, header.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER)));
                    }
                }
            }
            answer.add("header", first);
        }
    }

    private static JsonElement json(Message message) throws InvalidProtocolBufferException {
        return JsonParser.parseString(JsonFormat.printer().print(message));
    }

    /** Begins a call that streams both ways. */
    @SuppressWarnings("unchecked")
    void open(JsonObject request) throws Exception {
        AbstractStub<?> stub = stub(request);
        Method method = method(stub, request);
        stream = (BlockingClientCall<Message, Message>) method.invoke(stub);
        String type = "io.github.popgate.v1." + Character.toUpperCase(method.getName().charAt(0)) + method.getName().substring(1) + "Request";
        builderOfStream = Class.forName(type).getMethod("newBuilder");
    }

    void send(JsonObject request) throws Exception {
        Message message = Runner.message(request, "request", (Message.Builder) builderOfStream.invoke(null)).build();
        try {
            stream.write(message);
        } catch (StatusException e) {
            // The call is over; receive says how.
        }
    }

    void halfClose() {
        stream.halfClose();
    }

    void cancel() {
        stream.cancel("as told", null);
    }

    void receive(JsonObject answer) throws IOException, InterruptedException {
        try {
            Message response = stream.read();
            if (response == null) {
                answer.addProperty("end", true);
            } else {
                answer.add("response", json(response));
            }
        } catch (StatusException e) {
            throw PopgateException.of(e);
        }
    }
}
