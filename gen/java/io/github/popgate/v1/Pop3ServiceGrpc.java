package io.github.popgate.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
 * Rules that hold for every RPC:
 *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
 *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
 *     that opened it: to another caller it does not exist.
 *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
 *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
 *     WatchDebug and CloseSession do not wait.
 *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
 *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
 *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
 *     section 6).
 *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
 *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
 *     secrets that the server echoes are replaced by `***`.
 *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
 *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
 *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
 *     below. ErrorReason explains each.
 *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
 *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class Pop3ServiceGrpc {

  private Pop3ServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "popgate.v1.Pop3Service";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.OpenSessionRequest,
      io.github.popgate.v1.OpenSessionResponse> getOpenSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "OpenSession",
      requestType = io.github.popgate.v1.OpenSessionRequest.class,
      responseType = io.github.popgate.v1.OpenSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.OpenSessionRequest,
      io.github.popgate.v1.OpenSessionResponse> getOpenSessionMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.OpenSessionRequest, io.github.popgate.v1.OpenSessionResponse> getOpenSessionMethod;
    if ((getOpenSessionMethod = Pop3ServiceGrpc.getOpenSessionMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getOpenSessionMethod = Pop3ServiceGrpc.getOpenSessionMethod) == null) {
          Pop3ServiceGrpc.getOpenSessionMethod = getOpenSessionMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.OpenSessionRequest, io.github.popgate.v1.OpenSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "OpenSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.OpenSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.OpenSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("OpenSession"))
              .build();
        }
      }
    }
    return getOpenSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.GetWelcomeRequest,
      io.github.popgate.v1.GetWelcomeResponse> getGetWelcomeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetWelcome",
      requestType = io.github.popgate.v1.GetWelcomeRequest.class,
      responseType = io.github.popgate.v1.GetWelcomeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.GetWelcomeRequest,
      io.github.popgate.v1.GetWelcomeResponse> getGetWelcomeMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.GetWelcomeRequest, io.github.popgate.v1.GetWelcomeResponse> getGetWelcomeMethod;
    if ((getGetWelcomeMethod = Pop3ServiceGrpc.getGetWelcomeMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getGetWelcomeMethod = Pop3ServiceGrpc.getGetWelcomeMethod) == null) {
          Pop3ServiceGrpc.getGetWelcomeMethod = getGetWelcomeMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.GetWelcomeRequest, io.github.popgate.v1.GetWelcomeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetWelcome"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.GetWelcomeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.GetWelcomeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("GetWelcome"))
              .build();
        }
      }
    }
    return getGetWelcomeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.SetDebugLevelRequest,
      io.github.popgate.v1.SetDebugLevelResponse> getSetDebugLevelMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetDebugLevel",
      requestType = io.github.popgate.v1.SetDebugLevelRequest.class,
      responseType = io.github.popgate.v1.SetDebugLevelResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.SetDebugLevelRequest,
      io.github.popgate.v1.SetDebugLevelResponse> getSetDebugLevelMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.SetDebugLevelRequest, io.github.popgate.v1.SetDebugLevelResponse> getSetDebugLevelMethod;
    if ((getSetDebugLevelMethod = Pop3ServiceGrpc.getSetDebugLevelMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getSetDebugLevelMethod = Pop3ServiceGrpc.getSetDebugLevelMethod) == null) {
          Pop3ServiceGrpc.getSetDebugLevelMethod = getSetDebugLevelMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.SetDebugLevelRequest, io.github.popgate.v1.SetDebugLevelResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetDebugLevel"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.SetDebugLevelRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.SetDebugLevelResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("SetDebugLevel"))
              .build();
        }
      }
    }
    return getSetDebugLevelMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.WatchDebugRequest,
      io.github.popgate.v1.WatchDebugResponse> getWatchDebugMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchDebug",
      requestType = io.github.popgate.v1.WatchDebugRequest.class,
      responseType = io.github.popgate.v1.WatchDebugResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.WatchDebugRequest,
      io.github.popgate.v1.WatchDebugResponse> getWatchDebugMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.WatchDebugRequest, io.github.popgate.v1.WatchDebugResponse> getWatchDebugMethod;
    if ((getWatchDebugMethod = Pop3ServiceGrpc.getWatchDebugMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getWatchDebugMethod = Pop3ServiceGrpc.getWatchDebugMethod) == null) {
          Pop3ServiceGrpc.getWatchDebugMethod = getWatchDebugMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.WatchDebugRequest, io.github.popgate.v1.WatchDebugResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchDebug"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.WatchDebugRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.WatchDebugResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("WatchDebug"))
              .build();
        }
      }
    }
    return getWatchDebugMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.CapaRequest,
      io.github.popgate.v1.CapaResponse> getCapaMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Capa",
      requestType = io.github.popgate.v1.CapaRequest.class,
      responseType = io.github.popgate.v1.CapaResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.CapaRequest,
      io.github.popgate.v1.CapaResponse> getCapaMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.CapaRequest, io.github.popgate.v1.CapaResponse> getCapaMethod;
    if ((getCapaMethod = Pop3ServiceGrpc.getCapaMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getCapaMethod = Pop3ServiceGrpc.getCapaMethod) == null) {
          Pop3ServiceGrpc.getCapaMethod = getCapaMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.CapaRequest, io.github.popgate.v1.CapaResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Capa"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.CapaRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.CapaResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Capa"))
              .build();
        }
      }
    }
    return getCapaMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.StlsRequest,
      io.github.popgate.v1.StlsResponse> getStlsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Stls",
      requestType = io.github.popgate.v1.StlsRequest.class,
      responseType = io.github.popgate.v1.StlsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.StlsRequest,
      io.github.popgate.v1.StlsResponse> getStlsMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.StlsRequest, io.github.popgate.v1.StlsResponse> getStlsMethod;
    if ((getStlsMethod = Pop3ServiceGrpc.getStlsMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getStlsMethod = Pop3ServiceGrpc.getStlsMethod) == null) {
          Pop3ServiceGrpc.getStlsMethod = getStlsMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.StlsRequest, io.github.popgate.v1.StlsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Stls"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.StlsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.StlsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Stls"))
              .build();
        }
      }
    }
    return getStlsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.Utf8Request,
      io.github.popgate.v1.Utf8Response> getUtf8Method;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Utf8",
      requestType = io.github.popgate.v1.Utf8Request.class,
      responseType = io.github.popgate.v1.Utf8Response.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.Utf8Request,
      io.github.popgate.v1.Utf8Response> getUtf8Method() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.Utf8Request, io.github.popgate.v1.Utf8Response> getUtf8Method;
    if ((getUtf8Method = Pop3ServiceGrpc.getUtf8Method) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getUtf8Method = Pop3ServiceGrpc.getUtf8Method) == null) {
          Pop3ServiceGrpc.getUtf8Method = getUtf8Method =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.Utf8Request, io.github.popgate.v1.Utf8Response>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Utf8"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.Utf8Request.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.Utf8Response.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Utf8"))
              .build();
        }
      }
    }
    return getUtf8Method;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.LangRequest,
      io.github.popgate.v1.LangResponse> getLangMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Lang",
      requestType = io.github.popgate.v1.LangRequest.class,
      responseType = io.github.popgate.v1.LangResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.LangRequest,
      io.github.popgate.v1.LangResponse> getLangMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.LangRequest, io.github.popgate.v1.LangResponse> getLangMethod;
    if ((getLangMethod = Pop3ServiceGrpc.getLangMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getLangMethod = Pop3ServiceGrpc.getLangMethod) == null) {
          Pop3ServiceGrpc.getLangMethod = getLangMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.LangRequest, io.github.popgate.v1.LangResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Lang"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.LangRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.LangResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Lang"))
              .build();
        }
      }
    }
    return getLangMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.CloseSessionRequest,
      io.github.popgate.v1.CloseSessionResponse> getCloseSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CloseSession",
      requestType = io.github.popgate.v1.CloseSessionRequest.class,
      responseType = io.github.popgate.v1.CloseSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.CloseSessionRequest,
      io.github.popgate.v1.CloseSessionResponse> getCloseSessionMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.CloseSessionRequest, io.github.popgate.v1.CloseSessionResponse> getCloseSessionMethod;
    if ((getCloseSessionMethod = Pop3ServiceGrpc.getCloseSessionMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getCloseSessionMethod = Pop3ServiceGrpc.getCloseSessionMethod) == null) {
          Pop3ServiceGrpc.getCloseSessionMethod = getCloseSessionMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.CloseSessionRequest, io.github.popgate.v1.CloseSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CloseSession"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.CloseSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.CloseSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("CloseSession"))
              .build();
        }
      }
    }
    return getCloseSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.UserRequest,
      io.github.popgate.v1.UserResponse> getUserMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "User",
      requestType = io.github.popgate.v1.UserRequest.class,
      responseType = io.github.popgate.v1.UserResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.UserRequest,
      io.github.popgate.v1.UserResponse> getUserMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.UserRequest, io.github.popgate.v1.UserResponse> getUserMethod;
    if ((getUserMethod = Pop3ServiceGrpc.getUserMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getUserMethod = Pop3ServiceGrpc.getUserMethod) == null) {
          Pop3ServiceGrpc.getUserMethod = getUserMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.UserRequest, io.github.popgate.v1.UserResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "User"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.UserRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.UserResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("User"))
              .build();
        }
      }
    }
    return getUserMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.PassRequest,
      io.github.popgate.v1.PassResponse> getPassMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Pass",
      requestType = io.github.popgate.v1.PassRequest.class,
      responseType = io.github.popgate.v1.PassResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.PassRequest,
      io.github.popgate.v1.PassResponse> getPassMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.PassRequest, io.github.popgate.v1.PassResponse> getPassMethod;
    if ((getPassMethod = Pop3ServiceGrpc.getPassMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getPassMethod = Pop3ServiceGrpc.getPassMethod) == null) {
          Pop3ServiceGrpc.getPassMethod = getPassMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.PassRequest, io.github.popgate.v1.PassResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Pass"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.PassRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.PassResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Pass"))
              .build();
        }
      }
    }
    return getPassMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.ApopRequest,
      io.github.popgate.v1.ApopResponse> getApopMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Apop",
      requestType = io.github.popgate.v1.ApopRequest.class,
      responseType = io.github.popgate.v1.ApopResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.ApopRequest,
      io.github.popgate.v1.ApopResponse> getApopMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.ApopRequest, io.github.popgate.v1.ApopResponse> getApopMethod;
    if ((getApopMethod = Pop3ServiceGrpc.getApopMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getApopMethod = Pop3ServiceGrpc.getApopMethod) == null) {
          Pop3ServiceGrpc.getApopMethod = getApopMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.ApopRequest, io.github.popgate.v1.ApopResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Apop"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.ApopRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.ApopResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Apop"))
              .build();
        }
      }
    }
    return getApopMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.RpopRequest,
      io.github.popgate.v1.RpopResponse> getRpopMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Rpop",
      requestType = io.github.popgate.v1.RpopRequest.class,
      responseType = io.github.popgate.v1.RpopResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.RpopRequest,
      io.github.popgate.v1.RpopResponse> getRpopMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.RpopRequest, io.github.popgate.v1.RpopResponse> getRpopMethod;
    if ((getRpopMethod = Pop3ServiceGrpc.getRpopMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getRpopMethod = Pop3ServiceGrpc.getRpopMethod) == null) {
          Pop3ServiceGrpc.getRpopMethod = getRpopMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.RpopRequest, io.github.popgate.v1.RpopResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Rpop"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.RpopRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.RpopResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Rpop"))
              .build();
        }
      }
    }
    return getRpopMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.AuthRequest,
      io.github.popgate.v1.AuthResponse> getAuthMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Auth",
      requestType = io.github.popgate.v1.AuthRequest.class,
      responseType = io.github.popgate.v1.AuthResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.AuthRequest,
      io.github.popgate.v1.AuthResponse> getAuthMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.AuthRequest, io.github.popgate.v1.AuthResponse> getAuthMethod;
    if ((getAuthMethod = Pop3ServiceGrpc.getAuthMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getAuthMethod = Pop3ServiceGrpc.getAuthMethod) == null) {
          Pop3ServiceGrpc.getAuthMethod = getAuthMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.AuthRequest, io.github.popgate.v1.AuthResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Auth"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.AuthRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.AuthResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Auth"))
              .build();
        }
      }
    }
    return getAuthMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.AuthExchangeRequest,
      io.github.popgate.v1.AuthExchangeResponse> getAuthExchangeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AuthExchange",
      requestType = io.github.popgate.v1.AuthExchangeRequest.class,
      responseType = io.github.popgate.v1.AuthExchangeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.AuthExchangeRequest,
      io.github.popgate.v1.AuthExchangeResponse> getAuthExchangeMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.AuthExchangeRequest, io.github.popgate.v1.AuthExchangeResponse> getAuthExchangeMethod;
    if ((getAuthExchangeMethod = Pop3ServiceGrpc.getAuthExchangeMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getAuthExchangeMethod = Pop3ServiceGrpc.getAuthExchangeMethod) == null) {
          Pop3ServiceGrpc.getAuthExchangeMethod = getAuthExchangeMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.AuthExchangeRequest, io.github.popgate.v1.AuthExchangeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AuthExchange"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.AuthExchangeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.AuthExchangeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("AuthExchange"))
              .build();
        }
      }
    }
    return getAuthExchangeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.StatRequest,
      io.github.popgate.v1.StatResponse> getStatMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Stat",
      requestType = io.github.popgate.v1.StatRequest.class,
      responseType = io.github.popgate.v1.StatResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.StatRequest,
      io.github.popgate.v1.StatResponse> getStatMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.StatRequest, io.github.popgate.v1.StatResponse> getStatMethod;
    if ((getStatMethod = Pop3ServiceGrpc.getStatMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getStatMethod = Pop3ServiceGrpc.getStatMethod) == null) {
          Pop3ServiceGrpc.getStatMethod = getStatMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.StatRequest, io.github.popgate.v1.StatResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Stat"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.StatRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.StatResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Stat"))
              .build();
        }
      }
    }
    return getStatMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.ListRequest,
      io.github.popgate.v1.ListResponse> getListMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "List",
      requestType = io.github.popgate.v1.ListRequest.class,
      responseType = io.github.popgate.v1.ListResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.ListRequest,
      io.github.popgate.v1.ListResponse> getListMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.ListRequest, io.github.popgate.v1.ListResponse> getListMethod;
    if ((getListMethod = Pop3ServiceGrpc.getListMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getListMethod = Pop3ServiceGrpc.getListMethod) == null) {
          Pop3ServiceGrpc.getListMethod = getListMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.ListRequest, io.github.popgate.v1.ListResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "List"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.ListRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.ListResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("List"))
              .build();
        }
      }
    }
    return getListMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.UidlRequest,
      io.github.popgate.v1.UidlResponse> getUidlMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Uidl",
      requestType = io.github.popgate.v1.UidlRequest.class,
      responseType = io.github.popgate.v1.UidlResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.UidlRequest,
      io.github.popgate.v1.UidlResponse> getUidlMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.UidlRequest, io.github.popgate.v1.UidlResponse> getUidlMethod;
    if ((getUidlMethod = Pop3ServiceGrpc.getUidlMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getUidlMethod = Pop3ServiceGrpc.getUidlMethod) == null) {
          Pop3ServiceGrpc.getUidlMethod = getUidlMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.UidlRequest, io.github.popgate.v1.UidlResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Uidl"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.UidlRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.UidlResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Uidl"))
              .build();
        }
      }
    }
    return getUidlMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.DeleRequest,
      io.github.popgate.v1.DeleResponse> getDeleMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Dele",
      requestType = io.github.popgate.v1.DeleRequest.class,
      responseType = io.github.popgate.v1.DeleResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.DeleRequest,
      io.github.popgate.v1.DeleResponse> getDeleMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.DeleRequest, io.github.popgate.v1.DeleResponse> getDeleMethod;
    if ((getDeleMethod = Pop3ServiceGrpc.getDeleMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getDeleMethod = Pop3ServiceGrpc.getDeleMethod) == null) {
          Pop3ServiceGrpc.getDeleMethod = getDeleMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.DeleRequest, io.github.popgate.v1.DeleResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Dele"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.DeleRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.DeleResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Dele"))
              .build();
        }
      }
    }
    return getDeleMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.RsetRequest,
      io.github.popgate.v1.RsetResponse> getRsetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Rset",
      requestType = io.github.popgate.v1.RsetRequest.class,
      responseType = io.github.popgate.v1.RsetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.RsetRequest,
      io.github.popgate.v1.RsetResponse> getRsetMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.RsetRequest, io.github.popgate.v1.RsetResponse> getRsetMethod;
    if ((getRsetMethod = Pop3ServiceGrpc.getRsetMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getRsetMethod = Pop3ServiceGrpc.getRsetMethod) == null) {
          Pop3ServiceGrpc.getRsetMethod = getRsetMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.RsetRequest, io.github.popgate.v1.RsetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Rset"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.RsetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.RsetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Rset"))
              .build();
        }
      }
    }
    return getRsetMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.NoopRequest,
      io.github.popgate.v1.NoopResponse> getNoopMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Noop",
      requestType = io.github.popgate.v1.NoopRequest.class,
      responseType = io.github.popgate.v1.NoopResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.NoopRequest,
      io.github.popgate.v1.NoopResponse> getNoopMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.NoopRequest, io.github.popgate.v1.NoopResponse> getNoopMethod;
    if ((getNoopMethod = Pop3ServiceGrpc.getNoopMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getNoopMethod = Pop3ServiceGrpc.getNoopMethod) == null) {
          Pop3ServiceGrpc.getNoopMethod = getNoopMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.NoopRequest, io.github.popgate.v1.NoopResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Noop"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.NoopRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.NoopResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Noop"))
              .build();
        }
      }
    }
    return getNoopMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.RetrRequest,
      io.github.popgate.v1.RetrResponse> getRetrMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Retr",
      requestType = io.github.popgate.v1.RetrRequest.class,
      responseType = io.github.popgate.v1.RetrResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.RetrRequest,
      io.github.popgate.v1.RetrResponse> getRetrMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.RetrRequest, io.github.popgate.v1.RetrResponse> getRetrMethod;
    if ((getRetrMethod = Pop3ServiceGrpc.getRetrMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getRetrMethod = Pop3ServiceGrpc.getRetrMethod) == null) {
          Pop3ServiceGrpc.getRetrMethod = getRetrMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.RetrRequest, io.github.popgate.v1.RetrResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Retr"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.RetrRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.RetrResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Retr"))
              .build();
        }
      }
    }
    return getRetrMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.TopRequest,
      io.github.popgate.v1.TopResponse> getTopMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Top",
      requestType = io.github.popgate.v1.TopRequest.class,
      responseType = io.github.popgate.v1.TopResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.TopRequest,
      io.github.popgate.v1.TopResponse> getTopMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.TopRequest, io.github.popgate.v1.TopResponse> getTopMethod;
    if ((getTopMethod = Pop3ServiceGrpc.getTopMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getTopMethod = Pop3ServiceGrpc.getTopMethod) == null) {
          Pop3ServiceGrpc.getTopMethod = getTopMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.TopRequest, io.github.popgate.v1.TopResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Top"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.TopRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.TopResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Top"))
              .build();
        }
      }
    }
    return getTopMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.popgate.v1.QuitRequest,
      io.github.popgate.v1.QuitResponse> getQuitMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Quit",
      requestType = io.github.popgate.v1.QuitRequest.class,
      responseType = io.github.popgate.v1.QuitResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.popgate.v1.QuitRequest,
      io.github.popgate.v1.QuitResponse> getQuitMethod() {
    io.grpc.MethodDescriptor<io.github.popgate.v1.QuitRequest, io.github.popgate.v1.QuitResponse> getQuitMethod;
    if ((getQuitMethod = Pop3ServiceGrpc.getQuitMethod) == null) {
      synchronized (Pop3ServiceGrpc.class) {
        if ((getQuitMethod = Pop3ServiceGrpc.getQuitMethod) == null) {
          Pop3ServiceGrpc.getQuitMethod = getQuitMethod =
              io.grpc.MethodDescriptor.<io.github.popgate.v1.QuitRequest, io.github.popgate.v1.QuitResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Quit"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.QuitRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.popgate.v1.QuitResponse.getDefaultInstance()))
              .setSchemaDescriptor(new Pop3ServiceMethodDescriptorSupplier("Quit"))
              .build();
        }
      }
    }
    return getQuitMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static Pop3ServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceStub>() {
        @java.lang.Override
        public Pop3ServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new Pop3ServiceStub(channel, callOptions);
        }
      };
    return Pop3ServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static Pop3ServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceBlockingV2Stub>() {
        @java.lang.Override
        public Pop3ServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new Pop3ServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return Pop3ServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static Pop3ServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceBlockingStub>() {
        @java.lang.Override
        public Pop3ServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new Pop3ServiceBlockingStub(channel, callOptions);
        }
      };
    return Pop3ServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static Pop3ServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<Pop3ServiceFutureStub>() {
        @java.lang.Override
        public Pop3ServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new Pop3ServiceFutureStub(channel, callOptions);
        }
      };
    return Pop3ServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
   * Rules that hold for every RPC:
   *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
   *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
   *     that opened it: to another caller it does not exist.
   *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
   *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
   *     WatchDebug and CloseSession do not wait.
   *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
   *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
   *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
   *     section 6).
   *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
   *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
   *     secrets that the server echoes are replaced by `***`.
   *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
   *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
   *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
   *     below. ErrorReason explains each.
   *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
   *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Connects to a POP3 server, reads its greeting, and makes a session of the connection. Login is a step of its own.
     * Wire: in STLS mode `STLS` and a TLS handshake, otherwise nothing. State afterwards: AUTHORIZATION (RFC 1939 section 4).
     * Limits: the caller's, the target host's and all sessions (1,000, 500, 10,000). The session ends when no call came for
     * `idle_timeout`, or at the age `max_age`.
     * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_REQUIRED, TLS_VERIFICATION_FAILED,
     * TLS_HANDSHAKE_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR, QUOTA_EXCEEDED, DRAINING.
     * Source: RFC 1939 section 3, RFC 2595 section 4, RFC 8314 section 3.
     * </pre>
     */
    default void openSession(io.github.popgate.v1.OpenSessionRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.OpenSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getOpenSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the greeting that OpenSession read (poplib's `getwelcome`). Does not wait for its turn and sends nothing.
     * State: any. Source: RFC 1939 section 4.
     * </pre>
     */
    default void getWelcome(io.github.popgate.v1.GetWelcomeRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.GetWelcomeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetWelcomeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sets what WatchDebug tells (poplib's `set_debuglevel`): 0 nothing, 1 a line a command, 2 or more every line both ways.
     * Takes effect at once, also for the running command. Does not wait for its turn and sends nothing.
     * State: any.
     * </pre>
     */
    default void setDebugLevel(io.github.popgate.v1.SetDebugLevelRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.SetDebugLevelResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetDebugLevelMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the session's dialogue as it goes on, as much of it as SetDebugLevel asks for, until the session ends (OK) or
     * the caller cancels. Level 2 includes message lines. Secrets never show.
     * A watcher that reads slowly loses lines, which the stream counts; it never slows the session. Does not wait for its turn,
     * sends nothing, and does not keep an idle session alive. State: any.
     * </pre>
     */
    default void watchDebug(io.github.popgate.v1.WatchDebugRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.WatchDebugResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchDebugMethod(), responseObserver);
    }

    /**
     * <pre>
     * Asks the server what it can do.
     * Wire: `CAPA`. State: AUTHORIZATION, TRANSACTION; the answers may differ. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR: the server has no CAPA), MALFORMED_REPLY.
     * Source: RFC 2449 section 5.
     * </pre>
     */
    default void capa(io.github.popgate.v1.CapaRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.CapaResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCapaMethod(), responseObserver);
    }

    /**
     * <pre>
     * Begins TLS on a plaintext connection. All capabilities that were known before are forgotten.
     * Wire: `STLS`, then the handshake. State: AUTHORIZATION.
     * Errors: WRONG_STATE (TLS is on, or logged in; nothing is sent), TLS_REQUIRED (unverified TLS is not allowed here;
     * nothing is sent), NOT_SUPPORTED_BY_SERVER, TLS_VERIFICATION_FAILED and TLS_HANDSHAKE_FAILED (the session ends).
     * Source: RFC 2595 section 4.
     * </pre>
     */
    default void stls(io.github.popgate.v1.StlsRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.StlsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStlsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Switches the session to UTF-8.
     * Wire: `UTF8`. State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER. Some servers close the connection on commands that
     * their CAPA does not list: ask it first. Source: RFC 6856 section 2.1.
     * </pre>
     */
    default void utf8(io.github.popgate.v1.Utf8Request request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.Utf8Response> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUtf8Method(), responseObserver);
    }

    /**
     * <pre>
     * Lists the languages of the server's texts, or chooses one.
     * Wire: `LANG` or `LANG tag`. State: AUTHORIZATION, TRANSACTION. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER. Source: RFC 6856 section 3.
     * </pre>
     */
    default void lang(io.github.popgate.v1.LangRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.LangResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getLangMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends the session at once by closing the connection (poplib's `close`), whatever is running. Nothing is removed, save
     * that a Quit that is under way goes on. Repeating it is OK.
     * Wire: nothing. State: any. Source: RFC 1939 section 6.
     * </pre>
     */
    default void closeSession(io.github.popgate.v1.CloseSessionRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.CloseSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCloseSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Names the user of the login by USER and PASS.
     * Wire: `USER username`, the name as UTF-8, spaces included. State: AUTHORIZATION. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (the connection is plaintext; nothing is sent), COMMAND_REFUSED, MAILBOX_IN_USE, LOGIN_DELAY,
     * SERVER_TEMPORARY, SERVER_PERMANENT. Source: RFC 1939 section 7.
     * </pre>
     */
    default void user(io.github.popgate.v1.UserRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.UserResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUserMethod(), responseObserver);
    }

    /**
     * <pre>
     * Completes the login that User began (poplib's `pass_`).
     * Wire: `PASS password`, the password as UTF-8, spaces included. State: AUTHORIZATION, after User. The server has 5
     * minutes. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (nothing is sent), LOGIN_FAILED, MAILBOX_IN_USE, LOGIN_DELAY, SERVER_TEMPORARY, SERVER_PERMANENT.
     * Source: RFC 1939 section 7.
     * </pre>
     */
    default void pass(io.github.popgate.v1.PassRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.PassResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPassMethod(), responseObserver);
    }

    /**
     * <pre>
     * Logs in by a digest of the greeting's time stamp and a shared secret. MD5 is weak: prefer Auth.
     * Wire: `APOP username digest`; after Utf8 name and secret are prepared by SASLprep (RFC 6856 section 2.2).
     * State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER (the greeting has no time stamp;
     * nothing is sent), and those of Pass. Source: RFC 1939 section 7, CVE-2007-1558.
     * </pre>
     */
    default void apop(io.github.popgate.v1.ApopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.ApopResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getApopMethod(), responseObserver);
    }

    /**
     * <pre>
     * Logs in by trust between hosts, as servers of 1988 did.
     * Wire: `RPOP username`. State: AUTHORIZATION, after User. Errors: those of Pass. Source: RFC 1081.
     * </pre>
     */
    default void rpop(io.github.popgate.v1.RpopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.RpopResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRpopMethod(), responseObserver);
    }

    /**
     * <pre>
     * Logs in by a SASL mechanism that popgate knows. For others see AuthExchange.
     * By password: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1 (RFC 7677, RFC 5802), CRAM-MD5 (RFC 2195),
     * PLAIN (RFC 4616), LOGIN. By access token: OAUTHBEARER (RFC 7628), XOAUTH2. Otherwise: EXTERNAL (RFC 4422 appendix A). Without
     * a mechanism the first of these is taken that the server lists too, a -PLUS only over TLS. ANONYMOUS (RFC 4505) has to be named.
     * Wire: `CAPA` where no mechanism is given; `AUTH mechanism` with the initial response where the line stays within 255
     * octets, else in a line of its own; where the server shows that it wants the other form, `AUTH` once more.
     * State: AUTHORIZATION. The server has 5 minutes for each reply. Limits: challenges of 12 KiB, 8 rounds, 100,000 iterations.
     * Errors: those of Pass, NOT_SUPPORTED_BY_SERVER (also where no mechanism of the server fits the secret), MALFORMED_REPLY (a
     * challenge that the mechanism does not have), PROTOCOL_ERROR (also where a server has not proved by SCRAM that it knows the
     * password). LOGIN_FAILED has `challenge` where the server said why it refuses a token.
     * Source: RFC 5034.
     * </pre>
     */
    default void auth(io.github.popgate.v1.AuthRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAuthMethod(), responseObserver);
    }

    /**
     * <pre>
     * Logs in by any SASL mechanism: popgate passes challenges and responses on, the caller computes, and the secret never
     * comes near popgate.
     * The first request has `session_id`, `mechanism` and perhaps `initial_response`; each further one answers a challenge by
     * `response` or `cancel`. The last response holds `response`. A caller that goes away in the middle has its exchange
     * cancelled (`*`). Wire: `AUTH mechanism [initial-response]`, then base64 lines.
     * State: AUTHORIZATION. Limits: challenges of 12 KiB, 8 rounds. Errors: those of Auth, PROTOCOL_ERROR above the limits.
     * Source: RFC 5034, RFC 4422.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthExchangeRequest> authExchange(
        io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthExchangeResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getAuthExchangeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Counts the maildrop: how many messages, how many octets. Messages marked as deleted do not count.
     * Wire: `STAT`. State: TRANSACTION. Errors: MALFORMED_REPLY. Source: RFC 1939 section 5.
     * </pre>
     */
    default void stat(io.github.popgate.v1.StatRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.StatResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStatMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the octets of one message or of all. Sizes are the server's claim: some servers count line ends as one octet.
     * Stream: `response` first, then batches of up to 1,000 entries, then `octets`. An entry that does not parse comes as its
     * line alone. Wire: `LIST` or `LIST n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Source: RFC 1939 section 5.
     * </pre>
     */
    default void list(io.github.popgate.v1.ListRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.ListResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the unique-id of one message or of all.
     * Stream: as List. Wire: `UIDL` or `UIDL n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR without a number, where CAPA has not listed UIDL). Source: RFC 1939 section 7.
     * </pre>
     */
    default void uidl(io.github.popgate.v1.UidlRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.UidlResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUidlMethod(), responseObserver);
    }

    /**
     * <pre>
     * Marks a message as deleted. It is removed by Quit, and only by Quit.
     * Wire: `DELE n`; before it `UIDL n` where `if_unique_id` is given. State: TRANSACTION.
     * Errors: UNIQUE_ID_MISMATCH (nothing is marked), COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    default void dele(io.github.popgate.v1.DeleRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.DeleResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes all marks of Dele back. popgate never sends it unasked.
     * Wire: `RSET`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    default void rset(io.github.popgate.v1.RsetRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.RsetResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRsetMethod(), responseObserver);
    }

    /**
     * <pre>
     * Does nothing; keeps the session and the server awake.
     * Wire: `NOOP`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    default void noop(io.github.popgate.v1.NoopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.NoopResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getNoopMethod(), responseObserver);
    }

    /**
     * <pre>
     * Retrieves a message of any size.
     * Stream: `response` in the first message only; `data` holds the next octets; the last message alone has `octets` and
     * `crc32`. Join the `data` fields to get the message, byte for byte as the server sent it after dot-unstuffing (a dot that
     * begins a line goes only where a second one follows), line ends kept. OK comes only after the server's terminator: a
     * connection that is cut is an error, never a short message. Many servers mark a retrieved message as seen.
     * Wire: `RETR n`; before it `LIST n` where `max_octets` is given. State: TRANSACTION. Limits: no limit on lines; the
     * operator's cap, 4 GiB by default, on messages; 60 seconds of silence; a caller that does not read for 2 minutes.
     * Errors: MESSAGE_TOO_LARGE, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    default void retr(io.github.popgate.v1.RetrRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.RetrResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRetrMethod(), responseObserver);
    }

    /**
     * <pre>
     * Retrieves the header of a message and the first lines of its body. It is never the whole message for certain: servers
     * cut it short without a word.
     * Stream: as Retr. Wire: `TOP n lines`. State: TRANSACTION.
     * Errors: NOT_SUPPORTED_BY_SERVER, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 7.
     * </pre>
     */
    default void top(io.github.popgate.v1.TopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.TopResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getTopMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends the session and has the marked messages removed. OK says what was committed; every other end is an error whose
     * ErrorInfo has `outcome` and `cause`.
     * Once the line is written the caller cannot cancel it: popgate reads on and keeps the outcome for 10 minutes. A repeated
     * Quit sends nothing and gets the same status, with `replayed` set; so after a lost reply ask again with the same id.
     * Wire: `QUIT`. State: any; from TRANSACTION to UPDATE. The server has 5 minutes.
     * Errors: COMMIT_PARTIAL (-ERR), COMMIT_UNKNOWN (the reply was lost), COMMAND_REFUSED (-ERR before login),
     * CONNECTION_LOST with outcome NOT_COMMITTED (the line could not be written). Source: RFC 1939 sections 4 and 6.
     * </pre>
     */
    default void quit(io.github.popgate.v1.QuitRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.QuitResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getQuitMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service Pop3Service.
   * <pre>
   * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
   * Rules that hold for every RPC:
   *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
   *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
   *     that opened it: to another caller it does not exist.
   *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
   *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
   *     WatchDebug and CloseSession do not wait.
   *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
   *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
   *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
   *     section 6).
   *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
   *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
   *     secrets that the server echoes are replaced by `***`.
   *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
   *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
   *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
   *     below. ErrorReason explains each.
   *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
   *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
   * </pre>
   */
  public static abstract class Pop3ServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return Pop3ServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service Pop3Service.
   * <pre>
   * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
   * Rules that hold for every RPC:
   *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
   *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
   *     that opened it: to another caller it does not exist.
   *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
   *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
   *     WatchDebug and CloseSession do not wait.
   *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
   *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
   *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
   *     section 6).
   *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
   *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
   *     secrets that the server echoes are replaced by `***`.
   *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
   *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
   *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
   *     below. ErrorReason explains each.
   *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
   *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
   * </pre>
   */
  public static final class Pop3ServiceStub
      extends io.grpc.stub.AbstractAsyncStub<Pop3ServiceStub> {
    private Pop3ServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected Pop3ServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new Pop3ServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Connects to a POP3 server, reads its greeting, and makes a session of the connection. Login is a step of its own.
     * Wire: in STLS mode `STLS` and a TLS handshake, otherwise nothing. State afterwards: AUTHORIZATION (RFC 1939 section 4).
     * Limits: the caller's, the target host's and all sessions (1,000, 500, 10,000). The session ends when no call came for
     * `idle_timeout`, or at the age `max_age`.
     * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_REQUIRED, TLS_VERIFICATION_FAILED,
     * TLS_HANDSHAKE_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR, QUOTA_EXCEEDED, DRAINING.
     * Source: RFC 1939 section 3, RFC 2595 section 4, RFC 8314 section 3.
     * </pre>
     */
    public void openSession(io.github.popgate.v1.OpenSessionRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.OpenSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getOpenSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the greeting that OpenSession read (poplib's `getwelcome`). Does not wait for its turn and sends nothing.
     * State: any. Source: RFC 1939 section 4.
     * </pre>
     */
    public void getWelcome(io.github.popgate.v1.GetWelcomeRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.GetWelcomeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetWelcomeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sets what WatchDebug tells (poplib's `set_debuglevel`): 0 nothing, 1 a line a command, 2 or more every line both ways.
     * Takes effect at once, also for the running command. Does not wait for its turn and sends nothing.
     * State: any.
     * </pre>
     */
    public void setDebugLevel(io.github.popgate.v1.SetDebugLevelRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.SetDebugLevelResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetDebugLevelMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the session's dialogue as it goes on, as much of it as SetDebugLevel asks for, until the session ends (OK) or
     * the caller cancels. Level 2 includes message lines. Secrets never show.
     * A watcher that reads slowly loses lines, which the stream counts; it never slows the session. Does not wait for its turn,
     * sends nothing, and does not keep an idle session alive. State: any.
     * </pre>
     */
    public void watchDebug(io.github.popgate.v1.WatchDebugRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.WatchDebugResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchDebugMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Asks the server what it can do.
     * Wire: `CAPA`. State: AUTHORIZATION, TRANSACTION; the answers may differ. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR: the server has no CAPA), MALFORMED_REPLY.
     * Source: RFC 2449 section 5.
     * </pre>
     */
    public void capa(io.github.popgate.v1.CapaRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.CapaResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCapaMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Begins TLS on a plaintext connection. All capabilities that were known before are forgotten.
     * Wire: `STLS`, then the handshake. State: AUTHORIZATION.
     * Errors: WRONG_STATE (TLS is on, or logged in; nothing is sent), TLS_REQUIRED (unverified TLS is not allowed here;
     * nothing is sent), NOT_SUPPORTED_BY_SERVER, TLS_VERIFICATION_FAILED and TLS_HANDSHAKE_FAILED (the session ends).
     * Source: RFC 2595 section 4.
     * </pre>
     */
    public void stls(io.github.popgate.v1.StlsRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.StlsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStlsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Switches the session to UTF-8.
     * Wire: `UTF8`. State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER. Some servers close the connection on commands that
     * their CAPA does not list: ask it first. Source: RFC 6856 section 2.1.
     * </pre>
     */
    public void utf8(io.github.popgate.v1.Utf8Request request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.Utf8Response> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUtf8Method(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the languages of the server's texts, or chooses one.
     * Wire: `LANG` or `LANG tag`. State: AUTHORIZATION, TRANSACTION. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER. Source: RFC 6856 section 3.
     * </pre>
     */
    public void lang(io.github.popgate.v1.LangRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.LangResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getLangMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends the session at once by closing the connection (poplib's `close`), whatever is running. Nothing is removed, save
     * that a Quit that is under way goes on. Repeating it is OK.
     * Wire: nothing. State: any. Source: RFC 1939 section 6.
     * </pre>
     */
    public void closeSession(io.github.popgate.v1.CloseSessionRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.CloseSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCloseSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Names the user of the login by USER and PASS.
     * Wire: `USER username`, the name as UTF-8, spaces included. State: AUTHORIZATION. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (the connection is plaintext; nothing is sent), COMMAND_REFUSED, MAILBOX_IN_USE, LOGIN_DELAY,
     * SERVER_TEMPORARY, SERVER_PERMANENT. Source: RFC 1939 section 7.
     * </pre>
     */
    public void user(io.github.popgate.v1.UserRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.UserResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUserMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Completes the login that User began (poplib's `pass_`).
     * Wire: `PASS password`, the password as UTF-8, spaces included. State: AUTHORIZATION, after User. The server has 5
     * minutes. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (nothing is sent), LOGIN_FAILED, MAILBOX_IN_USE, LOGIN_DELAY, SERVER_TEMPORARY, SERVER_PERMANENT.
     * Source: RFC 1939 section 7.
     * </pre>
     */
    public void pass(io.github.popgate.v1.PassRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.PassResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPassMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Logs in by a digest of the greeting's time stamp and a shared secret. MD5 is weak: prefer Auth.
     * Wire: `APOP username digest`; after Utf8 name and secret are prepared by SASLprep (RFC 6856 section 2.2).
     * State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER (the greeting has no time stamp;
     * nothing is sent), and those of Pass. Source: RFC 1939 section 7, CVE-2007-1558.
     * </pre>
     */
    public void apop(io.github.popgate.v1.ApopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.ApopResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getApopMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Logs in by trust between hosts, as servers of 1988 did.
     * Wire: `RPOP username`. State: AUTHORIZATION, after User. Errors: those of Pass. Source: RFC 1081.
     * </pre>
     */
    public void rpop(io.github.popgate.v1.RpopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.RpopResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRpopMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Logs in by a SASL mechanism that popgate knows. For others see AuthExchange.
     * By password: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1 (RFC 7677, RFC 5802), CRAM-MD5 (RFC 2195),
     * PLAIN (RFC 4616), LOGIN. By access token: OAUTHBEARER (RFC 7628), XOAUTH2. Otherwise: EXTERNAL (RFC 4422 appendix A). Without
     * a mechanism the first of these is taken that the server lists too, a -PLUS only over TLS. ANONYMOUS (RFC 4505) has to be named.
     * Wire: `CAPA` where no mechanism is given; `AUTH mechanism` with the initial response where the line stays within 255
     * octets, else in a line of its own; where the server shows that it wants the other form, `AUTH` once more.
     * State: AUTHORIZATION. The server has 5 minutes for each reply. Limits: challenges of 12 KiB, 8 rounds, 100,000 iterations.
     * Errors: those of Pass, NOT_SUPPORTED_BY_SERVER (also where no mechanism of the server fits the secret), MALFORMED_REPLY (a
     * challenge that the mechanism does not have), PROTOCOL_ERROR (also where a server has not proved by SCRAM that it knows the
     * password). LOGIN_FAILED has `challenge` where the server said why it refuses a token.
     * Source: RFC 5034.
     * </pre>
     */
    public void auth(io.github.popgate.v1.AuthRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAuthMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Logs in by any SASL mechanism: popgate passes challenges and responses on, the caller computes, and the secret never
     * comes near popgate.
     * The first request has `session_id`, `mechanism` and perhaps `initial_response`; each further one answers a challenge by
     * `response` or `cancel`. The last response holds `response`. A caller that goes away in the middle has its exchange
     * cancelled (`*`). Wire: `AUTH mechanism [initial-response]`, then base64 lines.
     * State: AUTHORIZATION. Limits: challenges of 12 KiB, 8 rounds. Errors: those of Auth, PROTOCOL_ERROR above the limits.
     * Source: RFC 5034, RFC 4422.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthExchangeRequest> authExchange(
        io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthExchangeResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getAuthExchangeMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Counts the maildrop: how many messages, how many octets. Messages marked as deleted do not count.
     * Wire: `STAT`. State: TRANSACTION. Errors: MALFORMED_REPLY. Source: RFC 1939 section 5.
     * </pre>
     */
    public void stat(io.github.popgate.v1.StatRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.StatResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStatMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the octets of one message or of all. Sizes are the server's claim: some servers count line ends as one octet.
     * Stream: `response` first, then batches of up to 1,000 entries, then `octets`. An entry that does not parse comes as its
     * line alone. Wire: `LIST` or `LIST n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Source: RFC 1939 section 5.
     * </pre>
     */
    public void list(io.github.popgate.v1.ListRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.ListResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getListMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the unique-id of one message or of all.
     * Stream: as List. Wire: `UIDL` or `UIDL n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR without a number, where CAPA has not listed UIDL). Source: RFC 1939 section 7.
     * </pre>
     */
    public void uidl(io.github.popgate.v1.UidlRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.UidlResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getUidlMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Marks a message as deleted. It is removed by Quit, and only by Quit.
     * Wire: `DELE n`; before it `UIDL n` where `if_unique_id` is given. State: TRANSACTION.
     * Errors: UNIQUE_ID_MISMATCH (nothing is marked), COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    public void dele(io.github.popgate.v1.DeleRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.DeleResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes all marks of Dele back. popgate never sends it unasked.
     * Wire: `RSET`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public void rset(io.github.popgate.v1.RsetRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.RsetResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRsetMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Does nothing; keeps the session and the server awake.
     * Wire: `NOOP`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public void noop(io.github.popgate.v1.NoopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.NoopResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getNoopMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Retrieves a message of any size.
     * Stream: `response` in the first message only; `data` holds the next octets; the last message alone has `octets` and
     * `crc32`. Join the `data` fields to get the message, byte for byte as the server sent it after dot-unstuffing (a dot that
     * begins a line goes only where a second one follows), line ends kept. OK comes only after the server's terminator: a
     * connection that is cut is an error, never a short message. Many servers mark a retrieved message as seen.
     * Wire: `RETR n`; before it `LIST n` where `max_octets` is given. State: TRANSACTION. Limits: no limit on lines; the
     * operator's cap, 4 GiB by default, on messages; 60 seconds of silence; a caller that does not read for 2 minutes.
     * Errors: MESSAGE_TOO_LARGE, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    public void retr(io.github.popgate.v1.RetrRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.RetrResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getRetrMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Retrieves the header of a message and the first lines of its body. It is never the whole message for certain: servers
     * cut it short without a word.
     * Stream: as Retr. Wire: `TOP n lines`. State: TRANSACTION.
     * Errors: NOT_SUPPORTED_BY_SERVER, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 7.
     * </pre>
     */
    public void top(io.github.popgate.v1.TopRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.TopResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getTopMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends the session and has the marked messages removed. OK says what was committed; every other end is an error whose
     * ErrorInfo has `outcome` and `cause`.
     * Once the line is written the caller cannot cancel it: popgate reads on and keeps the outcome for 10 minutes. A repeated
     * Quit sends nothing and gets the same status, with `replayed` set; so after a lost reply ask again with the same id.
     * Wire: `QUIT`. State: any; from TRANSACTION to UPDATE. The server has 5 minutes.
     * Errors: COMMIT_PARTIAL (-ERR), COMMIT_UNKNOWN (the reply was lost), COMMAND_REFUSED (-ERR before login),
     * CONNECTION_LOST with outcome NOT_COMMITTED (the line could not be written). Source: RFC 1939 sections 4 and 6.
     * </pre>
     */
    public void quit(io.github.popgate.v1.QuitRequest request,
        io.grpc.stub.StreamObserver<io.github.popgate.v1.QuitResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getQuitMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service Pop3Service.
   * <pre>
   * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
   * Rules that hold for every RPC:
   *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
   *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
   *     that opened it: to another caller it does not exist.
   *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
   *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
   *     WatchDebug and CloseSession do not wait.
   *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
   *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
   *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
   *     section 6).
   *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
   *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
   *     secrets that the server echoes are replaced by `***`.
   *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
   *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
   *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
   *     below. ErrorReason explains each.
   *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
   *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
   * </pre>
   */
  public static final class Pop3ServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<Pop3ServiceBlockingV2Stub> {
    private Pop3ServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected Pop3ServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new Pop3ServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Connects to a POP3 server, reads its greeting, and makes a session of the connection. Login is a step of its own.
     * Wire: in STLS mode `STLS` and a TLS handshake, otherwise nothing. State afterwards: AUTHORIZATION (RFC 1939 section 4).
     * Limits: the caller's, the target host's and all sessions (1,000, 500, 10,000). The session ends when no call came for
     * `idle_timeout`, or at the age `max_age`.
     * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_REQUIRED, TLS_VERIFICATION_FAILED,
     * TLS_HANDSHAKE_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR, QUOTA_EXCEEDED, DRAINING.
     * Source: RFC 1939 section 3, RFC 2595 section 4, RFC 8314 section 3.
     * </pre>
     */
    public io.github.popgate.v1.OpenSessionResponse openSession(io.github.popgate.v1.OpenSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getOpenSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the greeting that OpenSession read (poplib's `getwelcome`). Does not wait for its turn and sends nothing.
     * State: any. Source: RFC 1939 section 4.
     * </pre>
     */
    public io.github.popgate.v1.GetWelcomeResponse getWelcome(io.github.popgate.v1.GetWelcomeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetWelcomeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets what WatchDebug tells (poplib's `set_debuglevel`): 0 nothing, 1 a line a command, 2 or more every line both ways.
     * Takes effect at once, also for the running command. Does not wait for its turn and sends nothing.
     * State: any.
     * </pre>
     */
    public io.github.popgate.v1.SetDebugLevelResponse setDebugLevel(io.github.popgate.v1.SetDebugLevelRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetDebugLevelMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the session's dialogue as it goes on, as much of it as SetDebugLevel asks for, until the session ends (OK) or
     * the caller cancels. Level 2 includes message lines. Secrets never show.
     * A watcher that reads slowly loses lines, which the stream counts; it never slows the session. Does not wait for its turn,
     * sends nothing, and does not keep an idle session alive. State: any.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.WatchDebugResponse>
        watchDebug(io.github.popgate.v1.WatchDebugRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchDebugMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks the server what it can do.
     * Wire: `CAPA`. State: AUTHORIZATION, TRANSACTION; the answers may differ. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR: the server has no CAPA), MALFORMED_REPLY.
     * Source: RFC 2449 section 5.
     * </pre>
     */
    public io.github.popgate.v1.CapaResponse capa(io.github.popgate.v1.CapaRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCapaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Begins TLS on a plaintext connection. All capabilities that were known before are forgotten.
     * Wire: `STLS`, then the handshake. State: AUTHORIZATION.
     * Errors: WRONG_STATE (TLS is on, or logged in; nothing is sent), TLS_REQUIRED (unverified TLS is not allowed here;
     * nothing is sent), NOT_SUPPORTED_BY_SERVER, TLS_VERIFICATION_FAILED and TLS_HANDSHAKE_FAILED (the session ends).
     * Source: RFC 2595 section 4.
     * </pre>
     */
    public io.github.popgate.v1.StlsResponse stls(io.github.popgate.v1.StlsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStlsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Switches the session to UTF-8.
     * Wire: `UTF8`. State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER. Some servers close the connection on commands that
     * their CAPA does not list: ask it first. Source: RFC 6856 section 2.1.
     * </pre>
     */
    public io.github.popgate.v1.Utf8Response utf8(io.github.popgate.v1.Utf8Request request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUtf8Method(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the languages of the server's texts, or chooses one.
     * Wire: `LANG` or `LANG tag`. State: AUTHORIZATION, TRANSACTION. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER. Source: RFC 6856 section 3.
     * </pre>
     */
    public io.github.popgate.v1.LangResponse lang(io.github.popgate.v1.LangRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getLangMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends the session at once by closing the connection (poplib's `close`), whatever is running. Nothing is removed, save
     * that a Quit that is under way goes on. Repeating it is OK.
     * Wire: nothing. State: any. Source: RFC 1939 section 6.
     * </pre>
     */
    public io.github.popgate.v1.CloseSessionResponse closeSession(io.github.popgate.v1.CloseSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCloseSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Names the user of the login by USER and PASS.
     * Wire: `USER username`, the name as UTF-8, spaces included. State: AUTHORIZATION. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (the connection is plaintext; nothing is sent), COMMAND_REFUSED, MAILBOX_IN_USE, LOGIN_DELAY,
     * SERVER_TEMPORARY, SERVER_PERMANENT. Source: RFC 1939 section 7.
     * </pre>
     */
    public io.github.popgate.v1.UserResponse user(io.github.popgate.v1.UserRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUserMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Completes the login that User began (poplib's `pass_`).
     * Wire: `PASS password`, the password as UTF-8, spaces included. State: AUTHORIZATION, after User. The server has 5
     * minutes. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (nothing is sent), LOGIN_FAILED, MAILBOX_IN_USE, LOGIN_DELAY, SERVER_TEMPORARY, SERVER_PERMANENT.
     * Source: RFC 1939 section 7.
     * </pre>
     */
    public io.github.popgate.v1.PassResponse pass(io.github.popgate.v1.PassRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPassMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by a digest of the greeting's time stamp and a shared secret. MD5 is weak: prefer Auth.
     * Wire: `APOP username digest`; after Utf8 name and secret are prepared by SASLprep (RFC 6856 section 2.2).
     * State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER (the greeting has no time stamp;
     * nothing is sent), and those of Pass. Source: RFC 1939 section 7, CVE-2007-1558.
     * </pre>
     */
    public io.github.popgate.v1.ApopResponse apop(io.github.popgate.v1.ApopRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getApopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by trust between hosts, as servers of 1988 did.
     * Wire: `RPOP username`. State: AUTHORIZATION, after User. Errors: those of Pass. Source: RFC 1081.
     * </pre>
     */
    public io.github.popgate.v1.RpopResponse rpop(io.github.popgate.v1.RpopRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRpopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by a SASL mechanism that popgate knows. For others see AuthExchange.
     * By password: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1 (RFC 7677, RFC 5802), CRAM-MD5 (RFC 2195),
     * PLAIN (RFC 4616), LOGIN. By access token: OAUTHBEARER (RFC 7628), XOAUTH2. Otherwise: EXTERNAL (RFC 4422 appendix A). Without
     * a mechanism the first of these is taken that the server lists too, a -PLUS only over TLS. ANONYMOUS (RFC 4505) has to be named.
     * Wire: `CAPA` where no mechanism is given; `AUTH mechanism` with the initial response where the line stays within 255
     * octets, else in a line of its own; where the server shows that it wants the other form, `AUTH` once more.
     * State: AUTHORIZATION. The server has 5 minutes for each reply. Limits: challenges of 12 KiB, 8 rounds, 100,000 iterations.
     * Errors: those of Pass, NOT_SUPPORTED_BY_SERVER (also where no mechanism of the server fits the secret), MALFORMED_REPLY (a
     * challenge that the mechanism does not have), PROTOCOL_ERROR (also where a server has not proved by SCRAM that it knows the
     * password). LOGIN_FAILED has `challenge` where the server said why it refuses a token.
     * Source: RFC 5034.
     * </pre>
     */
    public io.github.popgate.v1.AuthResponse auth(io.github.popgate.v1.AuthRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAuthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by any SASL mechanism: popgate passes challenges and responses on, the caller computes, and the secret never
     * comes near popgate.
     * The first request has `session_id`, `mechanism` and perhaps `initial_response`; each further one answers a challenge by
     * `response` or `cancel`. The last response holds `response`. A caller that goes away in the middle has its exchange
     * cancelled (`*`). Wire: `AUTH mechanism [initial-response]`, then base64 lines.
     * State: AUTHORIZATION. Limits: challenges of 12 KiB, 8 rounds. Errors: those of Auth, PROTOCOL_ERROR above the limits.
     * Source: RFC 5034, RFC 4422.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<io.github.popgate.v1.AuthExchangeRequest, io.github.popgate.v1.AuthExchangeResponse>
        authExchange() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getAuthExchangeMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Counts the maildrop: how many messages, how many octets. Messages marked as deleted do not count.
     * Wire: `STAT`. State: TRANSACTION. Errors: MALFORMED_REPLY. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.StatResponse stat(io.github.popgate.v1.StatRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStatMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the octets of one message or of all. Sizes are the server's claim: some servers count line ends as one octet.
     * Stream: `response` first, then batches of up to 1,000 entries, then `octets`. An entry that does not parse comes as its
     * line alone. Wire: `LIST` or `LIST n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Source: RFC 1939 section 5.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.ListResponse>
        list(io.github.popgate.v1.ListRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getListMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the unique-id of one message or of all.
     * Stream: as List. Wire: `UIDL` or `UIDL n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR without a number, where CAPA has not listed UIDL). Source: RFC 1939 section 7.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.UidlResponse>
        uidl(io.github.popgate.v1.UidlRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getUidlMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Marks a message as deleted. It is removed by Quit, and only by Quit.
     * Wire: `DELE n`; before it `UIDL n` where `if_unique_id` is given. State: TRANSACTION.
     * Errors: UNIQUE_ID_MISMATCH (nothing is marked), COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.DeleResponse dele(io.github.popgate.v1.DeleRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes all marks of Dele back. popgate never sends it unasked.
     * Wire: `RSET`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.RsetResponse rset(io.github.popgate.v1.RsetRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRsetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Does nothing; keeps the session and the server awake.
     * Wire: `NOOP`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.NoopResponse noop(io.github.popgate.v1.NoopRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getNoopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Retrieves a message of any size.
     * Stream: `response` in the first message only; `data` holds the next octets; the last message alone has `octets` and
     * `crc32`. Join the `data` fields to get the message, byte for byte as the server sent it after dot-unstuffing (a dot that
     * begins a line goes only where a second one follows), line ends kept. OK comes only after the server's terminator: a
     * connection that is cut is an error, never a short message. Many servers mark a retrieved message as seen.
     * Wire: `RETR n`; before it `LIST n` where `max_octets` is given. State: TRANSACTION. Limits: no limit on lines; the
     * operator's cap, 4 GiB by default, on messages; 60 seconds of silence; a caller that does not read for 2 minutes.
     * Errors: MESSAGE_TOO_LARGE, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.RetrResponse>
        retr(io.github.popgate.v1.RetrRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getRetrMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Retrieves the header of a message and the first lines of its body. It is never the whole message for certain: servers
     * cut it short without a word.
     * Stream: as Retr. Wire: `TOP n lines`. State: TRANSACTION.
     * Errors: NOT_SUPPORTED_BY_SERVER, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 7.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.popgate.v1.TopResponse>
        top(io.github.popgate.v1.TopRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getTopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends the session and has the marked messages removed. OK says what was committed; every other end is an error whose
     * ErrorInfo has `outcome` and `cause`.
     * Once the line is written the caller cannot cancel it: popgate reads on and keeps the outcome for 10 minutes. A repeated
     * Quit sends nothing and gets the same status, with `replayed` set; so after a lost reply ask again with the same id.
     * Wire: `QUIT`. State: any; from TRANSACTION to UPDATE. The server has 5 minutes.
     * Errors: COMMIT_PARTIAL (-ERR), COMMIT_UNKNOWN (the reply was lost), COMMAND_REFUSED (-ERR before login),
     * CONNECTION_LOST with outcome NOT_COMMITTED (the line could not be written). Source: RFC 1939 sections 4 and 6.
     * </pre>
     */
    public io.github.popgate.v1.QuitResponse quit(io.github.popgate.v1.QuitRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getQuitMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service Pop3Service.
   * <pre>
   * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
   * Rules that hold for every RPC:
   *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
   *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
   *     that opened it: to another caller it does not exist.
   *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
   *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
   *     WatchDebug and CloseSession do not wait.
   *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
   *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
   *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
   *     section 6).
   *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
   *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
   *     secrets that the server echoes are replaced by `***`.
   *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
   *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
   *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
   *     below. ErrorReason explains each.
   *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
   *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
   * </pre>
   */
  public static final class Pop3ServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<Pop3ServiceBlockingStub> {
    private Pop3ServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected Pop3ServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new Pop3ServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Connects to a POP3 server, reads its greeting, and makes a session of the connection. Login is a step of its own.
     * Wire: in STLS mode `STLS` and a TLS handshake, otherwise nothing. State afterwards: AUTHORIZATION (RFC 1939 section 4).
     * Limits: the caller's, the target host's and all sessions (1,000, 500, 10,000). The session ends when no call came for
     * `idle_timeout`, or at the age `max_age`.
     * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_REQUIRED, TLS_VERIFICATION_FAILED,
     * TLS_HANDSHAKE_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR, QUOTA_EXCEEDED, DRAINING.
     * Source: RFC 1939 section 3, RFC 2595 section 4, RFC 8314 section 3.
     * </pre>
     */
    public io.github.popgate.v1.OpenSessionResponse openSession(io.github.popgate.v1.OpenSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getOpenSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the greeting that OpenSession read (poplib's `getwelcome`). Does not wait for its turn and sends nothing.
     * State: any. Source: RFC 1939 section 4.
     * </pre>
     */
    public io.github.popgate.v1.GetWelcomeResponse getWelcome(io.github.popgate.v1.GetWelcomeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetWelcomeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sets what WatchDebug tells (poplib's `set_debuglevel`): 0 nothing, 1 a line a command, 2 or more every line both ways.
     * Takes effect at once, also for the running command. Does not wait for its turn and sends nothing.
     * State: any.
     * </pre>
     */
    public io.github.popgate.v1.SetDebugLevelResponse setDebugLevel(io.github.popgate.v1.SetDebugLevelRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetDebugLevelMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the session's dialogue as it goes on, as much of it as SetDebugLevel asks for, until the session ends (OK) or
     * the caller cancels. Level 2 includes message lines. Secrets never show.
     * A watcher that reads slowly loses lines, which the stream counts; it never slows the session. Does not wait for its turn,
     * sends nothing, and does not keep an idle session alive. State: any.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.WatchDebugResponse> watchDebug(
        io.github.popgate.v1.WatchDebugRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchDebugMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks the server what it can do.
     * Wire: `CAPA`. State: AUTHORIZATION, TRANSACTION; the answers may differ. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR: the server has no CAPA), MALFORMED_REPLY.
     * Source: RFC 2449 section 5.
     * </pre>
     */
    public io.github.popgate.v1.CapaResponse capa(io.github.popgate.v1.CapaRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCapaMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Begins TLS on a plaintext connection. All capabilities that were known before are forgotten.
     * Wire: `STLS`, then the handshake. State: AUTHORIZATION.
     * Errors: WRONG_STATE (TLS is on, or logged in; nothing is sent), TLS_REQUIRED (unverified TLS is not allowed here;
     * nothing is sent), NOT_SUPPORTED_BY_SERVER, TLS_VERIFICATION_FAILED and TLS_HANDSHAKE_FAILED (the session ends).
     * Source: RFC 2595 section 4.
     * </pre>
     */
    public io.github.popgate.v1.StlsResponse stls(io.github.popgate.v1.StlsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStlsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Switches the session to UTF-8.
     * Wire: `UTF8`. State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER. Some servers close the connection on commands that
     * their CAPA does not list: ask it first. Source: RFC 6856 section 2.1.
     * </pre>
     */
    public io.github.popgate.v1.Utf8Response utf8(io.github.popgate.v1.Utf8Request request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUtf8Method(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the languages of the server's texts, or chooses one.
     * Wire: `LANG` or `LANG tag`. State: AUTHORIZATION, TRANSACTION. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER. Source: RFC 6856 section 3.
     * </pre>
     */
    public io.github.popgate.v1.LangResponse lang(io.github.popgate.v1.LangRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getLangMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends the session at once by closing the connection (poplib's `close`), whatever is running. Nothing is removed, save
     * that a Quit that is under way goes on. Repeating it is OK.
     * Wire: nothing. State: any. Source: RFC 1939 section 6.
     * </pre>
     */
    public io.github.popgate.v1.CloseSessionResponse closeSession(io.github.popgate.v1.CloseSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCloseSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Names the user of the login by USER and PASS.
     * Wire: `USER username`, the name as UTF-8, spaces included. State: AUTHORIZATION. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (the connection is plaintext; nothing is sent), COMMAND_REFUSED, MAILBOX_IN_USE, LOGIN_DELAY,
     * SERVER_TEMPORARY, SERVER_PERMANENT. Source: RFC 1939 section 7.
     * </pre>
     */
    public io.github.popgate.v1.UserResponse user(io.github.popgate.v1.UserRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUserMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Completes the login that User began (poplib's `pass_`).
     * Wire: `PASS password`, the password as UTF-8, spaces included. State: AUTHORIZATION, after User. The server has 5
     * minutes. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (nothing is sent), LOGIN_FAILED, MAILBOX_IN_USE, LOGIN_DELAY, SERVER_TEMPORARY, SERVER_PERMANENT.
     * Source: RFC 1939 section 7.
     * </pre>
     */
    public io.github.popgate.v1.PassResponse pass(io.github.popgate.v1.PassRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPassMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by a digest of the greeting's time stamp and a shared secret. MD5 is weak: prefer Auth.
     * Wire: `APOP username digest`; after Utf8 name and secret are prepared by SASLprep (RFC 6856 section 2.2).
     * State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER (the greeting has no time stamp;
     * nothing is sent), and those of Pass. Source: RFC 1939 section 7, CVE-2007-1558.
     * </pre>
     */
    public io.github.popgate.v1.ApopResponse apop(io.github.popgate.v1.ApopRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getApopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by trust between hosts, as servers of 1988 did.
     * Wire: `RPOP username`. State: AUTHORIZATION, after User. Errors: those of Pass. Source: RFC 1081.
     * </pre>
     */
    public io.github.popgate.v1.RpopResponse rpop(io.github.popgate.v1.RpopRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRpopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Logs in by a SASL mechanism that popgate knows. For others see AuthExchange.
     * By password: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1 (RFC 7677, RFC 5802), CRAM-MD5 (RFC 2195),
     * PLAIN (RFC 4616), LOGIN. By access token: OAUTHBEARER (RFC 7628), XOAUTH2. Otherwise: EXTERNAL (RFC 4422 appendix A). Without
     * a mechanism the first of these is taken that the server lists too, a -PLUS only over TLS. ANONYMOUS (RFC 4505) has to be named.
     * Wire: `CAPA` where no mechanism is given; `AUTH mechanism` with the initial response where the line stays within 255
     * octets, else in a line of its own; where the server shows that it wants the other form, `AUTH` once more.
     * State: AUTHORIZATION. The server has 5 minutes for each reply. Limits: challenges of 12 KiB, 8 rounds, 100,000 iterations.
     * Errors: those of Pass, NOT_SUPPORTED_BY_SERVER (also where no mechanism of the server fits the secret), MALFORMED_REPLY (a
     * challenge that the mechanism does not have), PROTOCOL_ERROR (also where a server has not proved by SCRAM that it knows the
     * password). LOGIN_FAILED has `challenge` where the server said why it refuses a token.
     * Source: RFC 5034.
     * </pre>
     */
    public io.github.popgate.v1.AuthResponse auth(io.github.popgate.v1.AuthRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAuthMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Counts the maildrop: how many messages, how many octets. Messages marked as deleted do not count.
     * Wire: `STAT`. State: TRANSACTION. Errors: MALFORMED_REPLY. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.StatResponse stat(io.github.popgate.v1.StatRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStatMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the octets of one message or of all. Sizes are the server's claim: some servers count line ends as one octet.
     * Stream: `response` first, then batches of up to 1,000 entries, then `octets`. An entry that does not parse comes as its
     * line alone. Wire: `LIST` or `LIST n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Source: RFC 1939 section 5.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.ListResponse> list(
        io.github.popgate.v1.ListRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getListMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the unique-id of one message or of all.
     * Stream: as List. Wire: `UIDL` or `UIDL n`. State: TRANSACTION. Limits: 5 million entries of 8 KiB, streamed.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR without a number, where CAPA has not listed UIDL). Source: RFC 1939 section 7.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.UidlResponse> uidl(
        io.github.popgate.v1.UidlRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getUidlMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Marks a message as deleted. It is removed by Quit, and only by Quit.
     * Wire: `DELE n`; before it `UIDL n` where `if_unique_id` is given. State: TRANSACTION.
     * Errors: UNIQUE_ID_MISMATCH (nothing is marked), COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.DeleResponse dele(io.github.popgate.v1.DeleRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes all marks of Dele back. popgate never sends it unasked.
     * Wire: `RSET`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.RsetResponse rset(io.github.popgate.v1.RsetRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRsetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Does nothing; keeps the session and the server awake.
     * Wire: `NOOP`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public io.github.popgate.v1.NoopResponse noop(io.github.popgate.v1.NoopRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getNoopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Retrieves a message of any size.
     * Stream: `response` in the first message only; `data` holds the next octets; the last message alone has `octets` and
     * `crc32`. Join the `data` fields to get the message, byte for byte as the server sent it after dot-unstuffing (a dot that
     * begins a line goes only where a second one follows), line ends kept. OK comes only after the server's terminator: a
     * connection that is cut is an error, never a short message. Many servers mark a retrieved message as seen.
     * Wire: `RETR n`; before it `LIST n` where `max_octets` is given. State: TRANSACTION. Limits: no limit on lines; the
     * operator's cap, 4 GiB by default, on messages; 60 seconds of silence; a caller that does not read for 2 minutes.
     * Errors: MESSAGE_TOO_LARGE, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.RetrResponse> retr(
        io.github.popgate.v1.RetrRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getRetrMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Retrieves the header of a message and the first lines of its body. It is never the whole message for certain: servers
     * cut it short without a word.
     * Stream: as Retr. Wire: `TOP n lines`. State: TRANSACTION.
     * Errors: NOT_SUPPORTED_BY_SERVER, STREAM_STALLED, COMMAND_REFUSED. Source: RFC 1939 section 7.
     * </pre>
     */
    public java.util.Iterator<io.github.popgate.v1.TopResponse> top(
        io.github.popgate.v1.TopRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getTopMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends the session and has the marked messages removed. OK says what was committed; every other end is an error whose
     * ErrorInfo has `outcome` and `cause`.
     * Once the line is written the caller cannot cancel it: popgate reads on and keeps the outcome for 10 minutes. A repeated
     * Quit sends nothing and gets the same status, with `replayed` set; so after a lost reply ask again with the same id.
     * Wire: `QUIT`. State: any; from TRANSACTION to UPDATE. The server has 5 minutes.
     * Errors: COMMIT_PARTIAL (-ERR), COMMIT_UNKNOWN (the reply was lost), COMMAND_REFUSED (-ERR before login),
     * CONNECTION_LOST with outcome NOT_COMMITTED (the line could not be written). Source: RFC 1939 sections 4 and 6.
     * </pre>
     */
    public io.github.popgate.v1.QuitResponse quit(io.github.popgate.v1.QuitRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getQuitMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service Pop3Service.
   * <pre>
   * Pop3Service is POP3, a command an RPC (RFC 1939 and its extensions). One session is one connection to a POP3 server.
   * Rules that hold for every RPC:
   *   - `session_id` is field 1 of every request but OpenSession's. Callers behind a balancer also send the response header
   *     `pop3-session` of OpenSession back as a request header; popgate reads only the field. A session belongs to the caller
   *     that opened it: to another caller it does not exist.
   *   - A session is sequential. Calls that send a command wait for their turn in order of arrival, 16 at most, and never
   *     interleave on the wire; a call that is cancelled before its turn sends nothing. GetWelcome, SetDebugLevel,
   *     WatchDebug and CloseSession do not wait.
   *   - The server decides what is allowed when: a command that it would refuse is sent, and its -ERR comes back as an error
   *     (COMMAND_REFUSED unless said otherwise) after which the session lives on.
   *   - QUIT goes out only for Quit. Every other end closes the connection, and then the server removes nothing (RFC 1939
   *     section 6).
   *   - `response` is the whole status line without its line end. In it and in every other string from the server, octets
   *     that are not printable UTF-8 are written as a backslash, "x" and two hexadecimal digits, a backslash is doubled, and
   *     secrets that the server echoes are replaced by `***`.
   *   - Session errors, possible in every RPC but OpenSession: INVALID_ARGUMENT, SESSION_NOT_FOUND, WRONG_REPLICA,
   *     SESSION_ENDED, QUOTA_EXCEEDED (17th call in the queue), DRAINING, CALLER_UNAUTHENTICATED, INTERNAL; and in each that
   *     sends a command: CONNECTION_LOST, TIMEOUT, PROTOCOL_ERROR, after which the session has ended. They are not repeated
   *     below. ErrorReason explains each.
   *   - Where `idempotency_level` is IDEMPOTENT, a repetition does no harm. All other RPCs must not be repeated blindly, and
   *     error trailers say so to gRPC libraries (`grpc-retry-pushback-ms: -1`).
   * </pre>
   */
  public static final class Pop3ServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<Pop3ServiceFutureStub> {
    private Pop3ServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected Pop3ServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new Pop3ServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Connects to a POP3 server, reads its greeting, and makes a session of the connection. Login is a step of its own.
     * Wire: in STLS mode `STLS` and a TLS handshake, otherwise nothing. State afterwards: AUTHORIZATION (RFC 1939 section 4).
     * Limits: the caller's, the target host's and all sessions (1,000, 500, 10,000). The session ends when no call came for
     * `idle_timeout`, or at the age `max_age`.
     * Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_REQUIRED, TLS_VERIFICATION_FAILED,
     * TLS_HANDSHAKE_FAILED, TIMEOUT, CONNECTION_LOST, PROTOCOL_ERROR, QUOTA_EXCEEDED, DRAINING.
     * Source: RFC 1939 section 3, RFC 2595 section 4, RFC 8314 section 3.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.OpenSessionResponse> openSession(
        io.github.popgate.v1.OpenSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getOpenSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the greeting that OpenSession read (poplib's `getwelcome`). Does not wait for its turn and sends nothing.
     * State: any. Source: RFC 1939 section 4.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.GetWelcomeResponse> getWelcome(
        io.github.popgate.v1.GetWelcomeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetWelcomeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sets what WatchDebug tells (poplib's `set_debuglevel`): 0 nothing, 1 a line a command, 2 or more every line both ways.
     * Takes effect at once, also for the running command. Does not wait for its turn and sends nothing.
     * State: any.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.SetDebugLevelResponse> setDebugLevel(
        io.github.popgate.v1.SetDebugLevelRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetDebugLevelMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Asks the server what it can do.
     * Wire: `CAPA`. State: AUTHORIZATION, TRANSACTION; the answers may differ. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER (-ERR: the server has no CAPA), MALFORMED_REPLY.
     * Source: RFC 2449 section 5.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.CapaResponse> capa(
        io.github.popgate.v1.CapaRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCapaMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Begins TLS on a plaintext connection. All capabilities that were known before are forgotten.
     * Wire: `STLS`, then the handshake. State: AUTHORIZATION.
     * Errors: WRONG_STATE (TLS is on, or logged in; nothing is sent), TLS_REQUIRED (unverified TLS is not allowed here;
     * nothing is sent), NOT_SUPPORTED_BY_SERVER, TLS_VERIFICATION_FAILED and TLS_HANDSHAKE_FAILED (the session ends).
     * Source: RFC 2595 section 4.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.StlsResponse> stls(
        io.github.popgate.v1.StlsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStlsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Switches the session to UTF-8.
     * Wire: `UTF8`. State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER. Some servers close the connection on commands that
     * their CAPA does not list: ask it first. Source: RFC 6856 section 2.1.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.Utf8Response> utf8(
        io.github.popgate.v1.Utf8Request request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUtf8Method(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the languages of the server's texts, or chooses one.
     * Wire: `LANG` or `LANG tag`. State: AUTHORIZATION, TRANSACTION. Limits: 256 lines of 8 KiB.
     * Errors: NOT_SUPPORTED_BY_SERVER. Source: RFC 6856 section 3.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.LangResponse> lang(
        io.github.popgate.v1.LangRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getLangMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends the session at once by closing the connection (poplib's `close`), whatever is running. Nothing is removed, save
     * that a Quit that is under way goes on. Repeating it is OK.
     * Wire: nothing. State: any. Source: RFC 1939 section 6.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.CloseSessionResponse> closeSession(
        io.github.popgate.v1.CloseSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCloseSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Names the user of the login by USER and PASS.
     * Wire: `USER username`, the name as UTF-8, spaces included. State: AUTHORIZATION. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (the connection is plaintext; nothing is sent), COMMAND_REFUSED, MAILBOX_IN_USE, LOGIN_DELAY,
     * SERVER_TEMPORARY, SERVER_PERMANENT. Source: RFC 1939 section 7.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.UserResponse> user(
        io.github.popgate.v1.UserRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUserMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Completes the login that User began (poplib's `pass_`).
     * Wire: `PASS password`, the password as UTF-8, spaces included. State: AUTHORIZATION, after User. The server has 5
     * minutes. Limits: a command line of 255 octets.
     * Errors: TLS_REQUIRED (nothing is sent), LOGIN_FAILED, MAILBOX_IN_USE, LOGIN_DELAY, SERVER_TEMPORARY, SERVER_PERMANENT.
     * Source: RFC 1939 section 7.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.PassResponse> pass(
        io.github.popgate.v1.PassRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPassMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Logs in by a digest of the greeting's time stamp and a shared secret. MD5 is weak: prefer Auth.
     * Wire: `APOP username digest`; after Utf8 name and secret are prepared by SASLprep (RFC 6856 section 2.2).
     * State: AUTHORIZATION. Errors: NOT_SUPPORTED_BY_SERVER (the greeting has no time stamp;
     * nothing is sent), and those of Pass. Source: RFC 1939 section 7, CVE-2007-1558.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.ApopResponse> apop(
        io.github.popgate.v1.ApopRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getApopMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Logs in by trust between hosts, as servers of 1988 did.
     * Wire: `RPOP username`. State: AUTHORIZATION, after User. Errors: those of Pass. Source: RFC 1081.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.RpopResponse> rpop(
        io.github.popgate.v1.RpopRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRpopMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Logs in by a SASL mechanism that popgate knows. For others see AuthExchange.
     * By password: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1 (RFC 7677, RFC 5802), CRAM-MD5 (RFC 2195),
     * PLAIN (RFC 4616), LOGIN. By access token: OAUTHBEARER (RFC 7628), XOAUTH2. Otherwise: EXTERNAL (RFC 4422 appendix A). Without
     * a mechanism the first of these is taken that the server lists too, a -PLUS only over TLS. ANONYMOUS (RFC 4505) has to be named.
     * Wire: `CAPA` where no mechanism is given; `AUTH mechanism` with the initial response where the line stays within 255
     * octets, else in a line of its own; where the server shows that it wants the other form, `AUTH` once more.
     * State: AUTHORIZATION. The server has 5 minutes for each reply. Limits: challenges of 12 KiB, 8 rounds, 100,000 iterations.
     * Errors: those of Pass, NOT_SUPPORTED_BY_SERVER (also where no mechanism of the server fits the secret), MALFORMED_REPLY (a
     * challenge that the mechanism does not have), PROTOCOL_ERROR (also where a server has not proved by SCRAM that it knows the
     * password). LOGIN_FAILED has `challenge` where the server said why it refuses a token.
     * Source: RFC 5034.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.AuthResponse> auth(
        io.github.popgate.v1.AuthRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAuthMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Counts the maildrop: how many messages, how many octets. Messages marked as deleted do not count.
     * Wire: `STAT`. State: TRANSACTION. Errors: MALFORMED_REPLY. Source: RFC 1939 section 5.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.StatResponse> stat(
        io.github.popgate.v1.StatRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStatMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Marks a message as deleted. It is removed by Quit, and only by Quit.
     * Wire: `DELE n`; before it `UIDL n` where `if_unique_id` is given. State: TRANSACTION.
     * Errors: UNIQUE_ID_MISMATCH (nothing is marked), COMMAND_REFUSED. Source: RFC 1939 section 5.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.DeleResponse> dele(
        io.github.popgate.v1.DeleRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes all marks of Dele back. popgate never sends it unasked.
     * Wire: `RSET`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.RsetResponse> rset(
        io.github.popgate.v1.RsetRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRsetMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Does nothing; keeps the session and the server awake.
     * Wire: `NOOP`. State: TRANSACTION. Source: RFC 1939 section 5.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.NoopResponse> noop(
        io.github.popgate.v1.NoopRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getNoopMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends the session and has the marked messages removed. OK says what was committed; every other end is an error whose
     * ErrorInfo has `outcome` and `cause`.
     * Once the line is written the caller cannot cancel it: popgate reads on and keeps the outcome for 10 minutes. A repeated
     * Quit sends nothing and gets the same status, with `replayed` set; so after a lost reply ask again with the same id.
     * Wire: `QUIT`. State: any; from TRANSACTION to UPDATE. The server has 5 minutes.
     * Errors: COMMIT_PARTIAL (-ERR), COMMIT_UNKNOWN (the reply was lost), COMMAND_REFUSED (-ERR before login),
     * CONNECTION_LOST with outcome NOT_COMMITTED (the line could not be written). Source: RFC 1939 sections 4 and 6.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.popgate.v1.QuitResponse> quit(
        io.github.popgate.v1.QuitRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getQuitMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_OPEN_SESSION = 0;
  private static final int METHODID_GET_WELCOME = 1;
  private static final int METHODID_SET_DEBUG_LEVEL = 2;
  private static final int METHODID_WATCH_DEBUG = 3;
  private static final int METHODID_CAPA = 4;
  private static final int METHODID_STLS = 5;
  private static final int METHODID_UTF8 = 6;
  private static final int METHODID_LANG = 7;
  private static final int METHODID_CLOSE_SESSION = 8;
  private static final int METHODID_USER = 9;
  private static final int METHODID_PASS = 10;
  private static final int METHODID_APOP = 11;
  private static final int METHODID_RPOP = 12;
  private static final int METHODID_AUTH = 13;
  private static final int METHODID_STAT = 14;
  private static final int METHODID_LIST = 15;
  private static final int METHODID_UIDL = 16;
  private static final int METHODID_DELE = 17;
  private static final int METHODID_RSET = 18;
  private static final int METHODID_NOOP = 19;
  private static final int METHODID_RETR = 20;
  private static final int METHODID_TOP = 21;
  private static final int METHODID_QUIT = 22;
  private static final int METHODID_AUTH_EXCHANGE = 23;

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
        case METHODID_OPEN_SESSION:
          serviceImpl.openSession((io.github.popgate.v1.OpenSessionRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.OpenSessionResponse>) responseObserver);
          break;
        case METHODID_GET_WELCOME:
          serviceImpl.getWelcome((io.github.popgate.v1.GetWelcomeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.GetWelcomeResponse>) responseObserver);
          break;
        case METHODID_SET_DEBUG_LEVEL:
          serviceImpl.setDebugLevel((io.github.popgate.v1.SetDebugLevelRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.SetDebugLevelResponse>) responseObserver);
          break;
        case METHODID_WATCH_DEBUG:
          serviceImpl.watchDebug((io.github.popgate.v1.WatchDebugRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.WatchDebugResponse>) responseObserver);
          break;
        case METHODID_CAPA:
          serviceImpl.capa((io.github.popgate.v1.CapaRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.CapaResponse>) responseObserver);
          break;
        case METHODID_STLS:
          serviceImpl.stls((io.github.popgate.v1.StlsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.StlsResponse>) responseObserver);
          break;
        case METHODID_UTF8:
          serviceImpl.utf8((io.github.popgate.v1.Utf8Request) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.Utf8Response>) responseObserver);
          break;
        case METHODID_LANG:
          serviceImpl.lang((io.github.popgate.v1.LangRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.LangResponse>) responseObserver);
          break;
        case METHODID_CLOSE_SESSION:
          serviceImpl.closeSession((io.github.popgate.v1.CloseSessionRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.CloseSessionResponse>) responseObserver);
          break;
        case METHODID_USER:
          serviceImpl.user((io.github.popgate.v1.UserRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.UserResponse>) responseObserver);
          break;
        case METHODID_PASS:
          serviceImpl.pass((io.github.popgate.v1.PassRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.PassResponse>) responseObserver);
          break;
        case METHODID_APOP:
          serviceImpl.apop((io.github.popgate.v1.ApopRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.ApopResponse>) responseObserver);
          break;
        case METHODID_RPOP:
          serviceImpl.rpop((io.github.popgate.v1.RpopRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.RpopResponse>) responseObserver);
          break;
        case METHODID_AUTH:
          serviceImpl.auth((io.github.popgate.v1.AuthRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthResponse>) responseObserver);
          break;
        case METHODID_STAT:
          serviceImpl.stat((io.github.popgate.v1.StatRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.StatResponse>) responseObserver);
          break;
        case METHODID_LIST:
          serviceImpl.list((io.github.popgate.v1.ListRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.ListResponse>) responseObserver);
          break;
        case METHODID_UIDL:
          serviceImpl.uidl((io.github.popgate.v1.UidlRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.UidlResponse>) responseObserver);
          break;
        case METHODID_DELE:
          serviceImpl.dele((io.github.popgate.v1.DeleRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.DeleResponse>) responseObserver);
          break;
        case METHODID_RSET:
          serviceImpl.rset((io.github.popgate.v1.RsetRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.RsetResponse>) responseObserver);
          break;
        case METHODID_NOOP:
          serviceImpl.noop((io.github.popgate.v1.NoopRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.NoopResponse>) responseObserver);
          break;
        case METHODID_RETR:
          serviceImpl.retr((io.github.popgate.v1.RetrRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.RetrResponse>) responseObserver);
          break;
        case METHODID_TOP:
          serviceImpl.top((io.github.popgate.v1.TopRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.TopResponse>) responseObserver);
          break;
        case METHODID_QUIT:
          serviceImpl.quit((io.github.popgate.v1.QuitRequest) request,
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.QuitResponse>) responseObserver);
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
        case METHODID_AUTH_EXCHANGE:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.authExchange(
              (io.grpc.stub.StreamObserver<io.github.popgate.v1.AuthExchangeResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getOpenSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.OpenSessionRequest,
              io.github.popgate.v1.OpenSessionResponse>(
                service, METHODID_OPEN_SESSION)))
        .addMethod(
          getGetWelcomeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.GetWelcomeRequest,
              io.github.popgate.v1.GetWelcomeResponse>(
                service, METHODID_GET_WELCOME)))
        .addMethod(
          getSetDebugLevelMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.SetDebugLevelRequest,
              io.github.popgate.v1.SetDebugLevelResponse>(
                service, METHODID_SET_DEBUG_LEVEL)))
        .addMethod(
          getWatchDebugMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.WatchDebugRequest,
              io.github.popgate.v1.WatchDebugResponse>(
                service, METHODID_WATCH_DEBUG)))
        .addMethod(
          getCapaMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.CapaRequest,
              io.github.popgate.v1.CapaResponse>(
                service, METHODID_CAPA)))
        .addMethod(
          getStlsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.StlsRequest,
              io.github.popgate.v1.StlsResponse>(
                service, METHODID_STLS)))
        .addMethod(
          getUtf8Method(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.Utf8Request,
              io.github.popgate.v1.Utf8Response>(
                service, METHODID_UTF8)))
        .addMethod(
          getLangMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.LangRequest,
              io.github.popgate.v1.LangResponse>(
                service, METHODID_LANG)))
        .addMethod(
          getCloseSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.CloseSessionRequest,
              io.github.popgate.v1.CloseSessionResponse>(
                service, METHODID_CLOSE_SESSION)))
        .addMethod(
          getUserMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.UserRequest,
              io.github.popgate.v1.UserResponse>(
                service, METHODID_USER)))
        .addMethod(
          getPassMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.PassRequest,
              io.github.popgate.v1.PassResponse>(
                service, METHODID_PASS)))
        .addMethod(
          getApopMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.ApopRequest,
              io.github.popgate.v1.ApopResponse>(
                service, METHODID_APOP)))
        .addMethod(
          getRpopMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.RpopRequest,
              io.github.popgate.v1.RpopResponse>(
                service, METHODID_RPOP)))
        .addMethod(
          getAuthMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.AuthRequest,
              io.github.popgate.v1.AuthResponse>(
                service, METHODID_AUTH)))
        .addMethod(
          getAuthExchangeMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.AuthExchangeRequest,
              io.github.popgate.v1.AuthExchangeResponse>(
                service, METHODID_AUTH_EXCHANGE)))
        .addMethod(
          getStatMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.StatRequest,
              io.github.popgate.v1.StatResponse>(
                service, METHODID_STAT)))
        .addMethod(
          getListMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.ListRequest,
              io.github.popgate.v1.ListResponse>(
                service, METHODID_LIST)))
        .addMethod(
          getUidlMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.UidlRequest,
              io.github.popgate.v1.UidlResponse>(
                service, METHODID_UIDL)))
        .addMethod(
          getDeleMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.DeleRequest,
              io.github.popgate.v1.DeleResponse>(
                service, METHODID_DELE)))
        .addMethod(
          getRsetMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.RsetRequest,
              io.github.popgate.v1.RsetResponse>(
                service, METHODID_RSET)))
        .addMethod(
          getNoopMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.NoopRequest,
              io.github.popgate.v1.NoopResponse>(
                service, METHODID_NOOP)))
        .addMethod(
          getRetrMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.RetrRequest,
              io.github.popgate.v1.RetrResponse>(
                service, METHODID_RETR)))
        .addMethod(
          getTopMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.popgate.v1.TopRequest,
              io.github.popgate.v1.TopResponse>(
                service, METHODID_TOP)))
        .addMethod(
          getQuitMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.popgate.v1.QuitRequest,
              io.github.popgate.v1.QuitResponse>(
                service, METHODID_QUIT)))
        .build();
  }

  private static abstract class Pop3ServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    Pop3ServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.popgate.v1.Pop3ServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("Pop3Service");
    }
  }

  private static final class Pop3ServiceFileDescriptorSupplier
      extends Pop3ServiceBaseDescriptorSupplier {
    Pop3ServiceFileDescriptorSupplier() {}
  }

  private static final class Pop3ServiceMethodDescriptorSupplier
      extends Pop3ServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    Pop3ServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (Pop3ServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new Pop3ServiceFileDescriptorSupplier())
              .addMethod(getOpenSessionMethod())
              .addMethod(getGetWelcomeMethod())
              .addMethod(getSetDebugLevelMethod())
              .addMethod(getWatchDebugMethod())
              .addMethod(getCapaMethod())
              .addMethod(getStlsMethod())
              .addMethod(getUtf8Method())
              .addMethod(getLangMethod())
              .addMethod(getCloseSessionMethod())
              .addMethod(getUserMethod())
              .addMethod(getPassMethod())
              .addMethod(getApopMethod())
              .addMethod(getRpopMethod())
              .addMethod(getAuthMethod())
              .addMethod(getAuthExchangeMethod())
              .addMethod(getStatMethod())
              .addMethod(getListMethod())
              .addMethod(getUidlMethod())
              .addMethod(getDeleMethod())
              .addMethod(getRsetMethod())
              .addMethod(getNoopMethod())
              .addMethod(getRetrMethod())
              .addMethod(getTopMethod())
              .addMethod(getQuitMethod())
              .build();
        }
      }
    }
    return result;
  }
}
