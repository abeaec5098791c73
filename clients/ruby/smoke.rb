# frozen_string_literal: true

# Reads a mailbox: a session with a refused command and a streamed message, then FetchMessages. clients/demo sets the environment.

require "digest"
require "zlib"
require "google/protobuf/well_known_types" # Any#unpack
require "google/rpc/error_details_pb"
require "google/rpc/status_pb"
require "popgate/v1/mailbox_service_services_pb"
require "popgate/v1/pop3_service_services_pb"

include Popgate::V1

def check(holds, what)
  raise "wrong: #{what}" unless holds
end

host, port = ENV.fetch("POP3_ADDRESS").split(":")
server = Server.new(host: host, port: port.to_i, tls: TlsOptions.new(mode: :TLS_MODE_PLAINTEXT))
credentials = Credentials.new(username: ENV.fetch("POP3_USER"), password: ENV.fetch("POP3_PASSWORD"))
target = ENV.fetch("POPGATE_TARGET")

pop3 = Pop3Service::Stub.new(target, :this_channel_is_insecure, timeout: 30)
operation = pop3.open_session(OpenSessionRequest.new(server: server), return_op: true)
id = operation.execute.session_id
header = { metadata: { "pop3-session" => operation.metadata.fetch("pop3-session") } }

begin
  pop3.retr(RetrRequest.new(session_id: id, message_number: 99), **header).to_a
  raise "RETR before the login was not refused"
rescue GRPC::FailedPrecondition => error
  status = Google::Rpc::Status.decode(error.metadata.fetch("grpc-status-details-bin"))
  info = status.details.find { |detail| detail.is(Google::Rpc::ErrorInfo) }.unpack(Google::Rpc::ErrorInfo)
  check(info.reason == "ERROR_REASON_COMMAND_REFUSED" && info.metadata["command"] == "RETR", info)
end

pop3.auth(AuthRequest.new(session_id: id, credentials: credentials), **header)
pieces = pop3.retr(RetrRequest.new(session_id: id, message_number: 1), **header).to_a
message = pieces.map(&:data).join
check(message.bytesize == pieces.last.octets && Zlib.crc32(message) == pieces.last.crc32, "octets and CRC-32 of message 1")
pop3.quit(QuitRequest.new(session_id: id), **header) # after which the mailbox is free
pop3.close_session(CloseSessionRequest.new(session_id: id), **header)

mailbox = MailboxService::Stub.new(target, :this_channel_is_insecure, timeout: 30)
request = FetchMessagesRequest.new(server: server, credentials: credentials, all: true)
parts = mailbox.fetch_messages(request).flat_map { |response| response.parts.to_a }
check(parts.size == 5 && parts.first.data == message, "parts of FetchMessages")
check(parts.all? { |part| part.end.sha256 == Digest::SHA256.digest(part.data) }, "SHA-256")
puts "Ruby #{RUBY_VERSION}, grpc #{GRPC::VERSION}: #{parts.size} messages"
