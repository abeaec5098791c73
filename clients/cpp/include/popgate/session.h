/// A session: one connection to a POP3 server, a method a command.
#pragma once

#include <popgate/v1/pop3_service.grpc.pb.h>

#include <chrono>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "popgate/error.h"

namespace popgate {

using v1::Credentials;
using v1::Server;
using v1::TlsOptions;

/// How long a call may take that is not a stream; absent: no limit of one's own.
using Timeout = std::optional<std::chrono::milliseconds>;

/// A message as it comes: byte for byte, dot-unstuffed, with its line ends.
///
/// The end of the stream is only reached if the message came whole. A broken connection is Error, wrong octets or a wrong CRC-32
/// are IntegrityError, thrown by the read that meets them: exceptions() has badbit. (Only `out << stream.rdbuf()` takes the
/// exception for itself and leaves failbit in `out`; copy_to does not.) Read it to its end or destroy it, which cancels the call,
/// before the session's next call: the session is sequential.
class MessageStream : public std::istream {
 public:
  ~MessageStream() override;

  /// The server's status line.
  const std::string& response() const;

  /// Copies the rest in pieces of up to 128 KiB, the fastest way. What `out` could not write is left to its own state.
  void copy_to(std::ostream& out);

 private:
  friend class Session;
  class Buffer;
  template <class Response>
  class Pieces;
  explicit MessageStream(std::unique_ptr<Buffer> buffer);

  std::unique_ptr<Buffer> buffer_;
};

/// A connection to a POP3 server, until `close` or the end of its scope. Client::session opens it.
///
/// Each command is a method; what it sends, and which reasons it can fail for, is at the RPC of the same name in
/// popgate/v1/pop3_service.proto. Errors are Error. Only `quit` sends QUIT: whatever else ends a session removes nothing. Calls of
/// one session wait for each other; use it from one thread at a time. It may outlive the Client.
class Session {
 public:
  Session(std::shared_ptr<v1::Pop3Service::StubInterface> stub, const Server& server, Timeout timeout);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Ends the session without QUIT, whatever is running: nothing is removed. It does not fail, and may be repeated. The destructor
  /// does it. It takes 10 seconds at most, or the Client's time-out where that is less: what the gateway has not answered then ends by
  /// its idle time-out.
  void close() noexcept;

  /// The session's name, a secret.
  const std::string& id() const;
  /// The gateway's answer: the greeting (`response`), `tls`, `replica`, `idle_timeout`, `max_age`.
  const v1::OpenSessionResponse& opened() const;

  /// The greeting.
  std::string get_welcome();
  /// CAPA: what the server can do.
  v1::CapaResponse capa();
  /// STLS: begins TLS, verified as `tls` says, by default by the host's name and the gateway's roots.
  v1::StlsResponse stls(const std::optional<TlsOptions>& tls = {});
  /// UTF8; returns the status line.
  std::string utf8();
  /// LANG: chooses the language of the server's texts, or lists them.
  v1::LangResponse lang(const std::optional<std::string>& tag = {});

  /// USER and PASS; returns the status line of PASS. `auth` is safer where the server has SASL.
  std::string login(const std::string& username, const std::string& password);
  /// AUTH: logs in by SASL, by default with the strongest mechanism that both sides have.
  v1::AuthResponse auth(const Credentials& credentials);
  /// USER; returns the status line.
  std::string user(const std::string& username);
  /// PASS; returns the status line.
  std::string pass(const std::string& password);
  /// APOP; returns the status line. The secret does not go over the wire.
  std::string apop(const std::string& username, const std::string& secret);
  /// RPOP; returns the status line.
  std::string rpop(const std::string& username);

  /// STAT: `message_count` and `octets` of the maildrop.
  v1::StatResponse stat();
  /// LIST: the octets of each message, or of one. It waits for the whole listing; the stub's List streams it, with its status line.
  std::vector<v1::ListEntry> list(std::optional<uint32_t> number = {});
  /// UIDL: the unique-id of each message, or of one, as `list` does it.
  std::vector<v1::UidlEntry> uidl(std::optional<uint32_t> number = {});
  /// RETR: a message of any size. One that LIST says is larger than `max_octets` is MESSAGE_TOO_LARGE.
  MessageStream retr(uint32_t number, std::optional<int64_t> max_octets = {});
  /// TOP: the header and so many lines of the body. Never take it for the whole message.
  MessageStream top(uint32_t number, uint32_t lines = 0);
  /// DELE: marks a message, if it has this unique-id; returns the status line. `quit` removes it.
  std::string dele(uint32_t number, const std::optional<std::string>& if_unique_id = {});
  /// RSET: takes all marks back; returns the status line.
  std::string rset();
  /// NOOP; returns the status line.
  std::string noop();
  /// QUIT: has the marked messages removed; `outcome` says whether any were. Repeating it sends nothing and gets the same answer, so
  /// after a lost reply call it again.
  v1::QuitResponse quit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace popgate
