package io.github.popgate.v1

import io.github.popgate.v1.MailboxServiceGrpc.getServiceDescriptor
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
 * Holder for Kotlin coroutine-based client and server APIs for popgate.v1.MailboxService.
 */
public object MailboxServiceGrpcKt {
  public const val SERVICE_NAME: String = MailboxServiceGrpc.SERVICE_NAME

  @JvmStatic
  public val serviceDescriptor: ServiceDescriptor
    get() = getServiceDescriptor()

  public val listMessagesMethod: MethodDescriptor<ListMessagesRequest, ListMessagesResponse>
    @JvmStatic
    get() = MailboxServiceGrpc.getListMessagesMethod()

  public val fetchMessagesMethod: MethodDescriptor<FetchMessagesRequest, FetchMessagesResponse>
    @JvmStatic
    get() = MailboxServiceGrpc.getFetchMessagesMethod()

  public val collectMessagesMethod:
      MethodDescriptor<CollectMessagesRequest, CollectMessagesResponse>
    @JvmStatic
    get() = MailboxServiceGrpc.getCollectMessagesMethod()

  public val deleteMessagesMethod: MethodDescriptor<DeleteMessagesRequest, DeleteMessagesResponse>
    @JvmStatic
    get() = MailboxServiceGrpc.getDeleteMessagesMethod()

  public val diagnoseServerMethod: MethodDescriptor<DiagnoseServerRequest, DiagnoseServerResponse>
    @JvmStatic
    get() = MailboxServiceGrpc.getDiagnoseServerMethod()

  /**
   * A stub for issuing RPCs to a(n) popgate.v1.MailboxService service as suspending coroutines.
   */
  @StubFor(MailboxServiceGrpc::class)
  public class MailboxServiceCoroutineStub @JvmOverloads constructor(
    channel: Channel,
    callOptions: CallOptions = DEFAULT,
  ) : AbstractCoroutineStub<MailboxServiceCoroutineStub>(channel, callOptions) {
    override fun build(channel: Channel, callOptions: CallOptions): MailboxServiceCoroutineStub = MailboxServiceCoroutineStub(channel, callOptions)

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
    public fun listMessages(request: ListMessagesRequest, headers: Metadata = Metadata()): Flow<ListMessagesResponse> = serverStreamingRpc(
      channel,
      MailboxServiceGrpc.getListMessagesMethod(),
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
    public fun fetchMessages(request: FetchMessagesRequest, headers: Metadata = Metadata()): Flow<FetchMessagesResponse> = serverStreamingRpc(
      channel,
      MailboxServiceGrpc.getFetchMessagesMethod(),
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
    public fun collectMessages(requests: Flow<CollectMessagesRequest>, headers: Metadata = Metadata()): Flow<CollectMessagesResponse> = bidiStreamingRpc(
      channel,
      MailboxServiceGrpc.getCollectMessagesMethod(),
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
    public suspend fun deleteMessages(request: DeleteMessagesRequest, headers: Metadata = Metadata()): DeleteMessagesResponse = unaryRpc(
      channel,
      MailboxServiceGrpc.getDeleteMessagesMethod(),
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
    public suspend fun diagnoseServer(request: DiagnoseServerRequest, headers: Metadata = Metadata()): DiagnoseServerResponse = unaryRpc(
      channel,
      MailboxServiceGrpc.getDiagnoseServerMethod(),
      request,
      callOptions,
      headers
    )
  }

  /**
   * Skeletal implementation of the popgate.v1.MailboxService service based on Kotlin coroutines.
   */
  public abstract class MailboxServiceCoroutineImplBase(
    coroutineContext: CoroutineContext = EmptyCoroutineContext,
  ) : AbstractCoroutineServerImpl(coroutineContext) {
    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.MailboxService.ListMessages.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun listMessages(request: ListMessagesRequest): Flow<ListMessagesResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.MailboxService.ListMessages is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.MailboxService.FetchMessages.
     *
     * If creating or collecting the returned flow fails with a [StatusException], the RPC
     * will fail with the corresponding [io.grpc.Status].  If it fails with a
     * [java.util.concurrent.CancellationException], the RPC will fail with status `Status.CANCELLED`.  If creating
     * or collecting the returned flow fails for any other reason, the RPC will fail with
     * `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open fun fetchMessages(request: FetchMessagesRequest): Flow<FetchMessagesResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.MailboxService.FetchMessages is unimplemented"))

    /**
     * Returns a [Flow] of responses to an RPC for popgate.v1.MailboxService.CollectMessages.
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
    public open fun collectMessages(requests: Flow<CollectMessagesRequest>): Flow<CollectMessagesResponse> = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.MailboxService.CollectMessages is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.MailboxService.DeleteMessages.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun deleteMessages(request: DeleteMessagesRequest): DeleteMessagesResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.MailboxService.DeleteMessages is unimplemented"))

    /**
     * Returns the response to an RPC for popgate.v1.MailboxService.DiagnoseServer.
     *
     * If this method fails with a [StatusException], the RPC will fail with the corresponding
     * [io.grpc.Status].  If this method fails with a [java.util.concurrent.CancellationException], the RPC will fail
     * with status `Status.CANCELLED`.  If this method fails for any other reason, the RPC will
     * fail with `Status.UNKNOWN` with the exception as a cause.
     *
     * @param request The request from the client.
     */
    public open suspend fun diagnoseServer(request: DiagnoseServerRequest): DiagnoseServerResponse = throw StatusException(UNIMPLEMENTED.withDescription("Method popgate.v1.MailboxService.DiagnoseServer is unimplemented"))

    final override fun bindService(): ServerServiceDefinition = builder(getServiceDescriptor())
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = MailboxServiceGrpc.getListMessagesMethod(),
      implementation = ::listMessages
    ))
      .addMethod(serverStreamingServerMethodDefinition(
      context = this.context,
      descriptor = MailboxServiceGrpc.getFetchMessagesMethod(),
      implementation = ::fetchMessages
    ))
      .addMethod(bidiStreamingServerMethodDefinition(
      context = this.context,
      descriptor = MailboxServiceGrpc.getCollectMessagesMethod(),
      implementation = ::collectMessages
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = MailboxServiceGrpc.getDeleteMessagesMethod(),
      implementation = ::deleteMessages
    ))
      .addMethod(unaryServerMethodDefinition(
      context = this.context,
      descriptor = MailboxServiceGrpc.getDiagnoseServerMethod(),
      implementation = ::diagnoseServer
    )).build()
  }
}
