import com.google.rpc.ErrorInfo
import io.grpc.Grpc
import io.grpc.InsecureChannelCredentials
import io.grpc.StatusRuntimeException
import io.grpc.protobuf.StatusProto
import java.security.MessageDigest
import java.util.concurrent.TimeUnit
import java.util.zip.CRC32
import popgate.v1.*

/** Reads a mailbox: a session with a refused command and a streamed message, then FetchMessages. clients/demo sets the environment. */
object Smoke {
  def main(args: Array[String]): Unit = {
    val Array(host, port) = sys.env("POP3_ADDRESS").split(":"): @unchecked
    val server = Server(
      host = host,
      port = Some(port.toInt),
      tls = Some(TlsOptions(mode = TlsMode.TLS_MODE_PLAINTEXT))
    )
    val login = Credentials(
      username = sys.env("POP3_USER"),
      secret = Credentials.Secret.Password(sys.env("POP3_PASSWORD"))
    )
    val channel = Grpc.newChannelBuilder(sys.env("POPGATE_TARGET"), InsecureChannelCredentials.create()).build()
    try {
      val pop3 = Pop3ServiceGrpc.blockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
      val id = pop3.openSession(OpenSessionRequest(server = Some(server))).sessionId
      val retr = RetrRequest(sessionId = id, messageNumber = 1)
      try {
        pop3.retr(retr).toList
        sys.error("RETR before the login was not refused")
      } catch {
        case refused: StatusRuntimeException =>
          val info = StatusProto.fromThrowable(refused).getDetails(0).unpack(classOf[ErrorInfo])
          check(info.getReason == "ERROR_REASON_COMMAND_REFUSED" && info.getMetadataMap.get("command") == "RETR", info.toString)
      }
      pop3.auth(AuthRequest(sessionId = id, credentials = Some(login)))
      val pieces = pop3.retr(retr).toList
      val message = pieces.map(_.data.toByteArray).reduce(_ ++ _)
      val crc32 = CRC32()
      crc32.update(message)
      check(pieces.last.octets.contains(message.length.toLong), "octets of message 1")
      check(pieces.last.crc32.contains(crc32.getValue.toInt), "CRC-32 of message 1")
      pop3.quit(QuitRequest(sessionId = id)) // after which the mailbox is free
      pop3.closeSession(CloseSessionRequest(sessionId = id))

      val mailbox = MailboxServiceGrpc.blockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS)
      val all = FetchMessagesRequest(
        server = Some(server),
        credentials = Some(login),
        selection = FetchMessagesRequest.Selection.All(true)
      )
      val parts = mailbox.fetchMessages(all).flatMap(_.parts).toList
      check(parts.length == 5 && parts.head.data.toByteArray.sameElements(message), "parts of FetchMessages")
      for (part <- parts) {
        val sha256 = MessageDigest.getInstance("SHA-256").digest(part.data.toByteArray)
        check(part.end.exists(_.sha256.toByteArray.sameElements(sha256)), "SHA-256")
      }
      println(s"Scala 3: ${parts.length} messages")
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS)
    }
  }

  private def check(holds: Boolean, what: String): Unit = if (!holds) sys.error(what)
}
