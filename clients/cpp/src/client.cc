#include "popgate/client.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <utility>
#include <vector>

#include "service_config.h"

namespace popgate {
namespace {

/// Adds the caller's token to each call. gRPC's own call credentials refuse plaintext, loopback too.
class Bearer : public grpc::experimental::Interceptor, public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit Bearer(const std::string& token) : header_("Bearer " + token) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo*) override { return new Bearer(*this); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", header_);
    }
    methods->Proceed();
  }

 private:
  std::string header_;
};

bool plaintext(const std::string& target, const ConnectOptions& options) {
  return (options.insecure_plaintext || is_local(target)) && options.ca_pem.empty() && options.certificate_pem.empty();
}

std::shared_ptr<grpc::ChannelCredentials> tls(const ConnectOptions& options) {
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.ca_pem;
  ssl.pem_cert_chain = options.certificate_pem;
  ssl.pem_private_key = options.key_pem;
  return grpc::SslCredentials(ssl);
}

}  // namespace

Client connect(const std::string& target, const ConnectOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetMaxReceiveMessageSize(-1);  // the gateway says how large; listings in one response may pass gRPC's 4 MiB
  // Else a channel that is fast takes up to tens of MiB ahead of a reader, whatever the message: memory is to stay flat.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 2 << 20);
  // Else gRPC sends what is for this machine to the environment's proxy, in plaintext.
  if (is_local(target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  auto credentials = plaintext(target, options) ? grpc::InsecureChannelCredentials() : tls(options);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!options.token.empty()) interceptors.push_back(std::make_unique<Bearer>(options.token));
  return Client(
      grpc::experimental::CreateCustomChannelWithInterceptors(target, credentials, arguments, std::move(interceptors)));
}

bool is_local(const std::string& target) {
  if (target.rfind("unix:", 0) == 0 || target.rfind("unix-abstract:", 0) == 0) return true;
  auto colon = target.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = target.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

Client::Client(const std::shared_ptr<grpc::Channel>& channel, Timeout timeout)
    : timeout_(timeout), pop3_(v1::Pop3Service::NewStub(channel)), mailbox_(v1::MailboxService::NewStub(channel)) {}

Session Client::session(const Server& server) const { return Session(pop3_, server, timeout_); }

Fetch Client::fetch(const Server& server, const Credentials& credentials, const std::string& cursor) const {
  v1::FetchMessagesRequest request;
  *request.mutable_server() = server;
  *request.mutable_credentials() = credentials;
  request.set_cursor(cursor);
  return fetch(request);
}

Fetch Client::fetch(const v1::FetchMessagesRequest& request, Timeout timeout) const { return Fetch(*mailbox_, request, timeout); }

Collect Client::collect(const Server& server, const Credentials& credentials, CollectOptions options) const {
  v1::CollectOpen open;
  *open.mutable_fetch()->mutable_server() = server;
  *open.mutable_fetch()->mutable_credentials() = credentials;
  open.mutable_fetch()->set_cursor("");
  return collect(open, std::move(options));
}

Collect Client::collect(const v1::CollectOpen& open, CollectOptions options) const {
  return Collect(*mailbox_, open, std::move(options));
}

Server tls_server(const std::string& host) {
  Server server;
  server.set_host(host);
  return server;
}

Server plaintext_server(const std::string& host, uint16_t port) {
  Server server;
  server.set_host(host);
  server.set_port(port);
  server.mutable_tls()->set_mode(v1::TLS_MODE_PLAINTEXT);
  return server;
}

Credentials password_credentials(const std::string& username, const std::string& password) {
  Credentials credentials;
  credentials.set_username(username);
  credentials.set_password(password);
  return credentials;
}

}  // namespace popgate
