import com.google.rpc.ErrorInfo
import io.github.popgate.v1.MailboxServiceGrpcKt.MailboxServiceCoroutineStub
import io.github.popgate.v1.Pop3ServiceGrpcKt.Pop3ServiceCoroutineStub
import io.github.popgate.v1.TlsMode
import io.github.popgate.v1.authRequest
import io.github.popgate.v1.closeSessionRequest
import io.github.popgate.v1.credentials
import io.github.popgate.v1.fetchMessagesRequest
import io.github.popgate.v1.openSessionRequest
import io.github.popgate.v1.quitRequest
import io.github.popgate.v1.retrRequest
import io.github.popgate.v1.server
import io.github.popgate.v1.tlsOptions
import io.grpc.Grpc
import io.grpc.InsecureChannelCredentials
import io.grpc.StatusException
import io.grpc.protobuf.StatusProto
import java.security.MessageDigest
import java.util.concurrent.TimeUnit
import java.util.zip.CRC32
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

/** Reads a mailbox: a session with a refused command and a streamed message, then FetchMessages. clients/demo sets the environment. */
fun main() = runBlocking {
    val (address, port) = System.getenv("POP3_ADDRESS").split(":")
    val mailServer = server {
        host = address
        this.port = port.toInt()
        tls = tlsOptions { mode = TlsMode.TLS_MODE_PLAINTEXT }
    }
    val login = credentials {
        username = System.getenv("POP3_USER")
        password = System.getenv("POP3_PASSWORD")
    }
    val channel = Grpc.newChannelBuilder(System.getenv("POPGATE_TARGET"), InsecureChannelCredentials.create()).build()
    try {
        val pop3 = Pop3ServiceCoroutineStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
        val id = pop3.openSession(openSessionRequest { server = mailServer }).sessionId
        val retr = retrRequest {
            sessionId = id
            messageNumber = 1
        }
        try {
            pop3.retr(retr).toList()
            error("RETR before the login was not refused")
        } catch (refused: StatusException) {
            val info = StatusProto.fromThrowable(refused)!!.getDetails(0).unpack(ErrorInfo::class.java)
            check(info.reason == "ERROR_REASON_COMMAND_REFUSED" && info.metadataMap["command"] == "RETR") { info }
        }
        pop3.auth(authRequest {
            sessionId = id
            credentials = login
        })
        val pieces = pop3.retr(retr).toList()
        val message = pieces.map { it.data.toByteArray() }.reduce(ByteArray::plus)
        val crc32 = CRC32().apply { update(message) }.value.toInt()
        check(message.size.toLong() == pieces.last().octets && crc32 == pieces.last().crc32) { "octets and CRC-32 of message 1" }
        pop3.quit(quitRequest { sessionId = id }) // after which the mailbox is free
        pop3.closeSession(closeSessionRequest { sessionId = id })

        val mailbox = MailboxServiceCoroutineStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
        val request = fetchMessagesRequest {
            server = mailServer
            credentials = login
            all = true
        }
        val parts = mailbox.fetchMessages(request).toList().flatMap { it.partsList }
        check(parts.size == 5 && parts[0].data.toByteArray().contentEquals(message)) { "parts of FetchMessages" }
        for (part in parts) {
            val sha256 = MessageDigest.getInstance("SHA-256").digest(part.data.toByteArray())
            check(part.end.sha256.toByteArray().contentEquals(sha256)) { "SHA-256" }
        }
        println("Kotlin ${KotlinVersion.CURRENT}: ${parts.size} messages")
    } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS)
    }
}
