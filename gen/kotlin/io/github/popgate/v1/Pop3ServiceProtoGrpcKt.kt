package io.github.popgate.v1

import io.github.popgate.v1.Pop3ServiceGrpc.getServiceDescriptor
import io.grpc.CallOptions
import io.grpc.CallOptions.DEFAULT
import io.grpc.Channel
import io.grpc.Metadata
import io.grpc.MethodDescriptor
import io.grpc.ServerServiceDefinition
import io.grpc.ServerServiceDefinition.builder
import io.grpc.ServiceDescriptor
import io.grpc.Status.UNIMPLEMENTED
import io.grpc.StatusException
import io.grpc.kotlin.AbstractCoroutineServerImpl
import io.grpc.kotlin.AbstractCoroutineStub
import io.grpc.kotlin.ClientCalls.bidiStreamingRpc
import io.grpc.kotlin.ClientCalls.serverStreamingRpc
import io.grpc.kotlin.ClientCalls.unaryRpc
import io.grpc.kotlin.ServerCalls.bidiStreamingServerMethodDefinition
import io.grpc.kotlin.ServerCalls.serverStreamingServerMethodDefinition
import io.grpc.kotlin.ServerCalls.unaryServerMethodDefinition
import io.grpc.kotlin.StubFor
import kotlin.String
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.jvm.JvmOverloads
import kotlin.jvm.JvmStatic
import kotlinx.coroutines.flow.Flow

/**
 * Holder for Kotlin coroutine-based client and server APIs for popgate.v1.Pop3Service.
 */
public object Pop3ServiceGrpcKt {
  public const val SERVICE_NAME: String = Pop3ServiceGrpc.SERVICE_NAME

  @JvmStatic
  public val serviceDescriptor: ServiceDescriptor
    get() = getServiceDescriptor()

  public val openSessionMethod: MethodDescriptor<OpenSessionRequest, OpenSessionResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getOpenSessionMethod()

  public val getWelcomeMethod: MethodDescriptor<GetWelcomeRequest, GetWelcomeResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getGetWelcomeMethod()

  public val setDebugLevelMethod: MethodDescriptor<SetDebugLevelRequest, SetDebugLevelResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getSetDebugLevelMethod()

  public val watchDebugMethod: MethodDescriptor<WatchDebugRequest, WatchDebugResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getWatchDebugMethod()

  public val capaMethod: MethodDescriptor<CapaRequest, CapaResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getCapaMethod()

  public val stlsMethod: MethodDescriptor<StlsRequest, StlsResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getStlsMethod()

  public val utf8Method: MethodDescriptor<Utf8Request, Utf8Response>
    @JvmStatic
    get() = Pop3ServiceGrpc.getUtf8Method()

  public val langMethod: MethodDescriptor<LangRequest, LangResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getLangMethod()

  public val closeSessionMethod: MethodDescriptor<CloseSessionRequest, CloseSessionResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getCloseSessionMethod()

  public val userMethod: MethodDescriptor<UserRequest, UserResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getUserMethod()

  public val passMethod: MethodDescriptor<PassRequest, PassResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getPassMethod()

  public val apopMethod: MethodDescriptor<ApopRequest, ApopResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getApopMethod()

  public val rpopMethod: MethodDescriptor<RpopRequest, RpopResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getRpopMethod()

  public val authMethod: MethodDescriptor<AuthRequest, AuthResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getAuthMethod()

  public val authExchangeMethod: MethodDescriptor<AuthExchangeRequest, AuthExchangeResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getAuthExchangeMethod()

  public val statMethod: MethodDescriptor<StatRequest, StatResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getStatMethod()

  public val listMethod: MethodDescriptor<ListRequest, ListResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getListMethod()

  public val uidlMethod: MethodDescriptor<UidlRequest, UidlResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getUidlMethod()

  public val deleMethod: MethodDescriptor<DeleRequest, DeleResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getDeleMethod()

  public val rsetMethod: MethodDescriptor<RsetRequest, RsetResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getRsetMethod()

  public val noopMethod: MethodDescriptor<NoopRequest, NoopResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getNoopMethod()

  public val retrMethod: MethodDescriptor<RetrRequest, RetrResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getRetrMethod()

  public val topMethod: MethodDescriptor<TopRequest, TopResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getTopMethod()

  public val quitMethod: MethodDescriptor<QuitRequest, QuitResponse>
    @JvmStatic
    get() = Pop3ServiceGrpc.getQuitMethod()

  /**
   * A stub for issuing RPCs to a(n) popgate.v1.Pop3Service service as suspending coroutines.
   */
  @StubFor(Pop3ServiceGrpc::class)
  public class Pop3ServiceCoroutineStub @JvmOverloads constructor(
    channel: Channel,
    callOptions: CallOptions = DEFAULT,
  ) : AbstractCoroutineStub<Pop3ServiceCoroutineStub>(channel, callOptions) {
    override fun build(channel: Channel, callOptions: CallOptions): Pop3ServiceCoroutineStub = Pop3ServiceCoroutineStub(channel, callOptions)

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun openSession(request: OpenSessionRequest, headers: Metadata = Metadata()): OpenSessionResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getOpenSessionMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun getWelcome(request: GetWelcomeRequest, headers: Metadata = Metadata()): GetWelcomeResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getGetWelcomeMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun setDebugLevel(request: SetDebugLevelRequest, headers: Metadata = Metadata()): SetDebugLevelResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getSetDebugLevelMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Returns a [Flow] that, when collected, executes this RPC and emits responses from the
     * server as they arrive.  That flow finishes normally if the server closes its response with
     * [`Status.OK`][io.grpc.Status], and fails by throwing a [StatusException] otherwise.  If
     * collecting the flow downstream fails exceptionally (including via cancellation), the RPC
     * is cancelled with that exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return A flow that, when collected, emits the responses from the server.
     */
    public fun watchDebug(request: WatchDebugRequest, headers: Metadata = Metadata()): Flow<WatchDebugResponse> = serverStreamingRpc(
      channel,
      Pop3ServiceGrpc.getWatchDebugMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun capa(request: CapaRequest, headers: Metadata = Metadata()): CapaResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getCapaMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun stls(request: StlsRequest, headers: Metadata = Metadata()): StlsResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getStlsMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun utf8(request: Utf8Request, headers: Metadata = Metadata()): Utf8Response = unaryRpc(
      channel,
      Pop3ServiceGrpc.getUtf8Method(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun lang(request: LangRequest, headers: Metadata = Metadata()): LangResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getLangMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun closeSession(request: CloseSessionRequest, headers: Metadata = Metadata()): CloseSessionResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getCloseSessionMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun user(request: UserRequest, headers: Metadata = Metadata()): UserResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getUserMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun pass(request: PassRequest, headers: Metadata = Metadata()): PassResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getPassMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun apop(request: ApopRequest, headers: Metadata = Metadata()): ApopResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getApopMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun rpop(request: RpopRequest, headers: Metadata = Metadata()): RpopResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getRpopMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun auth(request: AuthRequest, headers: Metadata = Metadata()): AuthResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getAuthMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Returns a [Flow] that, when collected, executes this RPC and emits responses from the
     * server as they arrive.  That flow finishes normally if the server closes its response with
     * [`Status.OK`][io.grpc.Status], and fails by throwing a [StatusException] otherwise.  If
     * collecting the flow downstream fails exceptionally (including via cancellation), the RPC
     * is cancelled with that exception as a cause.
     *
     * The [Flow] of requests is collected once each time the [Flow] of responses is
     * collected. If collection of the [Flow] of responses completes normally or
     * exceptionally before collection of `requests` completes, the collection of
     * `requests` is cancelled.  If the collection of `requests` completes
     * exceptionally for any other reason, then the collection of the [Flow] of responses
     * completes exceptionally for the same reason and the RPC is cancelled with that reason.
     *
     * @param requests A [Flow] of request messages.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return A flow that, when collected, emits the responses from the server.
     */
    public fun authExchange(requests: Flow<AuthExchangeRequest>, headers: Metadata = Metadata()): Flow<AuthExchangeResponse> = bidiStreamingRpc(
      channel,
      Pop3ServiceGrpc.getAuthExchangeMethod(),
      requests,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun stat(request: StatRequest, headers: Metadata = Metadata()): StatResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getStatMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Returns a [Flow] that, when collected, executes this RPC and emits responses from the
     * server as they arrive.  That flow finishes normally if the server closes its response with
     * [`Status.OK`][io.grpc.Status], and fails by throwing a [StatusException] otherwise.  If
     * collecting the flow downstream fails exceptionally (including via cancellation), the RPC
     * is cancelled with that exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return A flow that, when collected, emits the responses from the server.
     */
    public fun list(request: ListRequest, headers: Metadata = Metadata()): Flow<ListResponse> = serverStreamingRpc(
      channel,
      Pop3ServiceGrpc.getListMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Returns a [Flow] that, when collected, executes this RPC and emits responses from the
     * server as they arrive.  That flow finishes normally if the server closes its response with
     * [`Status.OK`][io.grpc.Status], and fails by throwing a [StatusException] otherwise.  If
     * collecting the flow downstream fails exceptionally (including via cancellation), the RPC
     * is cancelled with that exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return A flow that, when collected, emits the responses from the server.
     */
    public fun uidl(request: UidlRequest, headers: Metadata = Metadata()): Flow<UidlResponse> = serverStreamingRpc(
      channel,
      Pop3ServiceGrpc.getUidlMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun dele(request: DeleRequest, headers: Metadata = Metadata()): DeleResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getDeleMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun rset(request: RsetRequest, headers: Metadata = Metadata()): RsetResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getRsetMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun noop(request: NoopRequest, headers: Metadata = Metadata()): NoopResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getNoopMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Returns a [Flow] that, when collected, executes this RPC and emits responses from the
     * server as they arrive.  That flow finishes normally if the server closes its response with
     * [`Status.OK`][io.grpc.Status], and fails by throwing a [StatusException] otherwise.  If
     * collecting the flow downstream fails exceptionally (including via cancellation), the RPC
     * is cancelled with that exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return A flow that, when collected, emits the responses from the server.
     */
    public fun retr(request: RetrRequest, headers: Metadata = Metadata()): Flow<RetrResponse> = serverStreamingRpc(
      channel,
      Pop3ServiceGrpc.getRetrMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Returns a [Flow] that, when collected, executes this RPC and emits responses from the
     * server as they arrive.  That flow finishes normally if the server closes its response with
     * [`Status.OK`][io.grpc.Status], and fails by throwing a [StatusException] otherwise.  If
     * collecting the flow downstream fails exceptionally (including via cancellation), the RPC
     * is cancelled with that exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return A flow that, when collected, emits the responses from the server.
     */
    public fun top(request: TopRequest, headers: Metadata = Metadata()): Flow<TopResponse> = serverStreamingRpc(
      channel,
      Pop3ServiceGrpc.getTopMethod(),
      request,
      callOptions,
      headers
    )

    /**
     * Executes this RPC and returns the response message, suspending until the RPC completes
     * with [`Status.OK`][io.grpc.Status].  If the RPC completes with another status, a corresponding
     * [StatusException] is thrown.  If this coroutine is cancelled, the RPC is also cancelled
     * with the corresponding exception as a cause.
     *
     * @param request The request message to send to the server.
     *
     * @param headers Metadata to attach to the request.  Most users will not need this.
     *
     * @return The single response from the server.
     */
    public suspend fun quit(request: QuitRequest, headers: Metadata = Metadata()): QuitResponse = unaryRpc(
      channel,
      Pop3ServiceGrpc.getQuitMethod(),
      request,
      callOptions,
      headers
    )
  }

  /**
   * Skeletal implementation of the popgate.v1.Pop3Service service based on Kotlin coroutines.
   */
  public abstract class Pop3ServiceCoroutineImplBase(
    coroutineContext: CoroutineContext = EmptyCoroutineContext,
  ) : AbstractCoroutineServerImpl(coroutineContext) {
    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.OpenSession.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun openSession(request: OpenSessionRequest): OpenSessionResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.OpenSession is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.GetWelcome.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun getWelcome(request: GetWelcomeRequest): GetWelcomeResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.GetWelcome is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.SetDebugLevel.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun setDebugLevel(request: SetDebugLevelRequest): SetDebugLevelResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.SetDebugLevel is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.Pop3Service.WatchDebug.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun watchDebug(request: WatchDebugRequest): Flow<WatchDebugResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.WatchDebug is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Capa.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun capa(request: CapaRequest): CapaResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Capa is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Stls.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun stls(request: StlsRequest): StlsResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Stls is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Utf8.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun utf8(request: Utf8Request): Utf8Response = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Utf8 is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Lang.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun lang(request: LangRequest): LangResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Lang is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.CloseSession.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun closeSession(request: CloseSessionRequest): CloseSessionResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.CloseSession is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.User.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun user(request: UserRequest): UserResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.User is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Pass.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun pass(request: PassRequest): PassResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Pass is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Apop.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun apop(request: ApopRequest): ApopResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Apop is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Rpop.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun rpop(request: RpopRequest): RpopResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Rpop is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Auth.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun auth(request: AuthRequest): AuthResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Auth is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.Pop3Service.AuthExchange.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param requests A [Flow] of requests from the client.  This flow can be
     *        collected only once and throws [java.lang.IllegalStateException] on attempts to collect
     *        it more than once.
     */
    public open fun authExchange(requests: Flow<AuthExchangeRequest>): Flow<AuthExchangeResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.AuthExchange is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Stat.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun stat(request: StatRequest): StatResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Stat is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.Pop3Service.List.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun list(request: ListRequest): Flow<ListResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.List is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.Pop3Service.Uidl.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun uidl(request: UidlRequest): Flow<UidlResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Uidl is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Dele.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun dele(request: DeleRequest): DeleResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Dele is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Rset.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun rset(request: RsetRequest): RsetResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Rset is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Noop.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun noop(request: NoopRequest): NoopResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Noop is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.Pop3Service.Retr.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun retr(request: RetrRequest): Flow<RetrResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Retr is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.Pop3Service.Top.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun top(request: TopRequest): Flow<TopResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Top is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.Pop3Service.Quit.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun quit(request: QuitRequest): QuitResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.Pop3Service.Quit is unimplemented"))

    final override fun bindService(): ServerServiceDefinition = builder(getServiceDescriptor())
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getOpenSessionMethod(),
      implementation = ::openSession
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getGetWelcomeMethod(),
      implementation = ::getWelcome
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getSetDebugLevelMethod(),
      implementation = ::setDebugLevel
    ))
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getWatchDebugMethod(),
      implementation = ::watchDebug
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getCapaMethod(),
      implementation = ::capa
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getStlsMethod(),
      implementation = ::stls
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getUtf8Method(),
      implementation = ::utf8
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getLangMethod(),
      implementation = ::lang
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getCloseSessionMethod(),
      implementation = ::closeSession
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getUserMethod(),
      implementation = ::user
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getPassMethod(),
      implementation = ::pass
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getApopMethod(),
      implementation = ::apop
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getRpopMethod(),
      implementation = ::rpop
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getAuthMethod(),
      implementation = ::auth
    ))
      .addMethod(bidiStreamingServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getAuthExchangeMethod(),
      implementation = ::authExchange
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getStatMethod(),
      implementation = ::stat
    ))
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getListMethod(),
      implementation = ::list
    ))
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getUidlMethod(),
      implementation = ::uidl
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getDeleMethod(),
      implementation = ::dele
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getRsetMethod(),
      implementation = ::rset
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getNoopMethod(),
      implementation = ::noop
    ))
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getRetrMethod(),
      implementation = ::retr
    ))
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getTopMethod(),
      implementation = ::top
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = Pop3ServiceGrpc.getQuitMethod(),
      implementation = ::quit
    )).build()
  }
}
