/// A channel to a gateway, and what can be asked of it.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "popgate/mailbox.h"
#include "popgate/session.h"

namespace popgate {

/// How a gateway is reached.
struct ConnectOptions {
  /// PEM certificates to trust in place of gRPC's own roots.
  std::string ca_pem;
  /// PEM certificate chain to present to the gateway. Goes with `key_pem`.
  std::string certificate_pem;
  /// PEM private key of `certificate_pem`.
  std::string key_pem;
  /// Bearer token, sent with every call as `authorization: Bearer …`.
  std::string token;
  /// Name that the gateway's certificate has to hold. Empty: the target's host.
  std::string server_name;
  /// Speak plaintext to a target that is not this machine: everybody on the way reads passwords and mail. Not where `ca_pem` or
  /// `certificate_pem` is given, which is TLS.
  bool insecure_plaintext = false;
};

/// A gateway. `connect` makes one. Threads may share it, and copies share its channel.
class Client {
 public:
  /// How long a call may take that is not a stream: the gateway waits for QUIT's reply for 300 seconds.
  static constexpr std::chrono::seconds kTimeout{330};

  /// Takes a channel that was made in another way. `timeout` is for each call that is not a stream.
  explicit Client(const std::shared_ptr<grpc::Channel>& channel, Timeout timeout = kTimeout);

  /// Connects to a POP3 server.
  ///
  /// Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_VERIFICATION_FAILED and others of OpenSession.
  Session session(const Server& server) const;

  /// The messages that are new, of which none is deleted. New is what `cursor` does not know, which an earlier Fetch left: store it
  /// with the messages. A message is as large as memory allows; Session::retr streams.
  Fetch fetch(const Server& server, const Credentials& credentials, const std::string& cursor = {}) const;
  /// The same with all that FetchMessagesRequest can say, such as `max_octets`. `timeout` is for the whole call.
  Fetch fetch(const v1::FetchMessagesRequest& request, Timeout timeout = {}) const;

  /// The messages that are new, each deleted once the loop has gone past it. Collect says when exactly. Store each message durably in
  /// the loop's body.
  Collect collect(const Server& server, const Credentials& credentials, CollectOptions options = {}) const;
  /// The same with all that CollectOpen can say, save `offer`: for that there is the stub.
  Collect collect(const v1::CollectOpen& open, CollectOptions options = {}) const;

  /// The generated stub of Pop3Service, for what the methods here do not offer. check() throws Error for a status.
  v1::Pop3Service::Stub& pop3() const { return *pop3_; }
  /// The generated stub of MailboxService.
  v1::MailboxService::Stub& mailbox() const { return *mailbox_; }

 private:
  Timeout timeout_;
  std::shared_ptr<v1::Pop3Service::Stub> pop3_;
  std::shared_ptr<v1::MailboxService::Stub> mailbox_;
};

/// Opens a channel to the gateway at `target`, such as "popgate.internal.example:9110". It connects at the first call.
///
/// It is verified TLS; only a loopback address or a Unix socket is spoken to in plaintext, and even that not where `ca_pem` or
/// `certificate_pem` is given. Calls that gRPC may repeat it repeats, as clients/service_config.json says.
Client connect(const std::string& target, const ConnectOptions& options = {});

/// Whether a target is this machine, so that nobody can read along.
bool is_local(const std::string& target);

/// A POP3 server with verified TLS on port 995.
Server tls_server(const std::string& host);
/// A POP3 server without TLS, which the gateway has to allow.
Server plaintext_server(const std::string& host, uint16_t port = 110);
/// A user's name and password.
Credentials password_credentials(const std::string& username, const std::string& password);

}  // namespace popgate
