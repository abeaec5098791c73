package io.github.popgate;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes the method, the headers and the deadline of each call. */
final class Recorder implements ClientInterceptor {
    record Call(String method, Metadata headers, Deadline deadline) {
        String header(String name) {
            return headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        }
    }

    final List<Call> calls = new CopyOnWriteArrayList<>();

    List<String> methods() {
        return calls.stream().map(Call::method).toList();
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                calls.add(new Call(method.getBareMethodName(), headers, options.getDeadline()));
                super.start(listener, headers);
            }
        };
    }
}
