// The hand-written layer against gateways of these tests' own: how it connects, and what no honest gateway sends.
// The environment's POPGATE_TLS is the path, without ".crt" and ".key", of a certificate for gateway.example that signs itself.

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <popgate/popgate.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using popgate::v1::CollectMessagesResponse;
using popgate::v1::FetchMessagesResponse;
using popgate::v1::RetrResponse;

constexpr uint32_t kCrc32 = 0x352441C2;  // of "abc"

/// Runs `body` and returns the Error that it has to throw.
template <class Thrown = popgate::Error, class Body>
Thrown caught(Body body) {
  try {
    body();
  } catch (const Thrown& error) {
    return error;
  }
  throw std::logic_error("the error that was expected did not come");
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string pem(const char* extension) {
  const char* path = std::getenv("POPGATE_TLS");
  std::string read = path ? contents(path + std::string(extension)) : "";
  if (read.empty()) throw std::logic_error("POPGATE_TLS has to be the path of a certificate and its key");
  return read;
}

/// What a call came with.
struct Call {
  std::map<std::string, std::string> metadata;
  bool limited;
  std::chrono::system_clock::duration left;
};

/// Answers as it is told, and notes each call.
class Pop3 : public popgate::v1::Pop3Service::Service {
 public:
  std::map<std::string, std::vector<Call>> calls;
  std::vector<RetrResponse> pieces;
  int unavailable = 0;
  bool silent = false;

 private:
  void note(const std::string& method, grpc::ServerContext* context) {
    bool limited = context->deadline() != std::chrono::system_clock::time_point::max();
    Call call{{}, limited, context->deadline() - std::chrono::system_clock::now()};
    for (auto& [key, value] : context->client_metadata()) {
      call.metadata.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
    }
    calls[method].push_back(call);
  }

  grpc::Status answer() {
    return unavailable-- > 0 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "not yet") : grpc::Status::OK;
  }

  grpc::Status OpenSession(grpc::ServerContext* context, const popgate::v1::OpenSessionRequest*,
                           popgate::v1::OpenSessionResponse* response) override {
    note("OpenSession", context);
    context->AddInitialMetadata("pop3-session", "route");
    response->set_session_id("id");
    return grpc::Status::OK;
  }

  grpc::Status CloseSession(grpc::ServerContext* context, const popgate::v1::CloseSessionRequest*,
                            popgate::v1::CloseSessionResponse*) override {
    note("CloseSession", context);
    return grpc::Status::OK;
  }

  grpc::Status List(grpc::ServerContext* context, const popgate::v1::ListRequest*,
                    grpc::ServerWriter<popgate::v1::ListResponse>*) override {
    note("List", context);
    return grpc::Status::OK;
  }

  grpc::Status Uidl(grpc::ServerContext* context, const popgate::v1::UidlRequest*,
                    grpc::ServerWriter<popgate::v1::UidlResponse>*) override {
    note("Uidl", context);
    return grpc::Status::OK;
  }

  grpc::Status Noop(grpc::ServerContext* context, const popgate::v1::NoopRequest*, popgate::v1::NoopResponse*) override {
    note("Noop", context);
    while (silent && !context->IsCancelled()) std::this_thread::sleep_for(1ms);
    return answer();
  }

  grpc::Status User(grpc::ServerContext* context, const popgate::v1::UserRequest*, popgate::v1::UserResponse*) override {
    note("User", context);
    return answer();
  }

  grpc::Status Quit(grpc::ServerContext* context, const popgate::v1::QuitRequest*, popgate::v1::QuitResponse*) override {
    note("Quit", context);
    return grpc::Status::OK;
  }

  grpc::Status Retr(grpc::ServerContext* context, const popgate::v1::RetrRequest*,
                    grpc::ServerWriter<RetrResponse>* writer) override {
    note("Retr", context);
    for (auto& piece : pieces) writer->Write(piece);
    return grpc::Status::OK;
  }
};

class Mailbox : public popgate::v1::MailboxService::Service {
 public:
  std::vector<FetchMessagesResponse> responses;
  std::vector<CollectMessagesResponse> collected;

 private:
  grpc::Status CollectMessages(
      grpc::ServerContext*, grpc::ServerReaderWriter<CollectMessagesResponse, popgate::v1::CollectMessagesRequest>* stream) override {
    for (auto& response : collected) stream->Write(response);
    return grpc::Status::OK;
  }

  grpc::Status FetchMessages(grpc::ServerContext*, const popgate::v1::FetchMessagesRequest*,
                             grpc::ServerWriter<FetchMessagesResponse>* writer) override {
    for (auto& response : responses) writer->Write(response);
    return grpc::Status::OK;
  }
};

class GatewayTest : public testing::Test {
 protected:
  Pop3 pop3;
  Mailbox mailbox;
  std::unique_ptr<grpc::Server> gateway;
  std::string target;

  void SetUp() override { start(grpc::InsecureServerCredentials()); }

  void TearDown() override { gateway->Shutdown(std::chrono::system_clock::now()); }

  void start(const std::shared_ptr<grpc::ServerCredentials>& credentials, const std::string& at = "127.0.0.1:0") {
    if (gateway) TearDown();
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(at, credentials, &port);
    builder.RegisterService(&pop3);
    builder.RegisterService(&mailbox);
    gateway = builder.BuildAndStart();
    target = "127.0.0.1:" + std::to_string(port);
  }

  void start_tls(grpc_ssl_client_certificate_request_type request) {
    grpc::SslServerCredentialsOptions options(request);
    options.pem_root_certs = pem(".crt");
    options.pem_key_cert_pairs.push_back({pem(".key"), pem(".crt")});
    start(grpc::SslServerCredentials(options));
  }

  popgate::Session session(const popgate::ConnectOptions& options = {}) const {
    return popgate::connect(target, options).session(popgate::tls_server("pop.example"));
  }

  std::string retr(std::vector<RetrResponse> sent) {
    pop3.pieces = std::move(sent);
    auto opened = session();
    auto stream = opened.retr(1);
    std::ostringstream read;
    for (char octet; stream.get(octet);) read << octet;
    return read.str();
  }
};

using ConnectTest = GatewayTest;
using RetrTest = GatewayTest;
using FetchTest = GatewayTest;

TEST_F(ConnectTest, HeaderTokenAndDeadlineOfEachCall) {
  pop3.pieces.resize(1);
  popgate::ConnectOptions options;
  options.token = "t0ken";
  {
    auto opened = session(options);
    opened.noop();
    opened.retr(1);
  }
  EXPECT_EQ(pop3.calls.size(), 4u);
  EXPECT_EQ(pop3.calls.count("Quit"), 0u);
  for (auto& [method, calls] : pop3.calls) {
    ASSERT_EQ(calls.size(), 1u) << method;
    auto& metadata = calls.front().metadata;
    EXPECT_EQ(metadata.at("authorization"), "Bearer t0ken") << method;
    if (method == "OpenSession") {
      EXPECT_EQ(metadata.count("pop3-session"), 0u);
    } else {
      EXPECT_EQ(metadata.at("pop3-session"), "route") << method;
    }
    EXPECT_EQ(calls.front().limited, method != "Retr") << method;
  }
  session();
  EXPECT_EQ(pop3.calls["OpenSession"].back().metadata.count("authorization"), 0u);
}

TEST_F(ConnectTest, ServiceConfigRepeatsWhatMayBeRepeated) {
  auto opened = session();
  pop3.unavailable = 2;
  opened.noop();
  EXPECT_EQ(pop3.calls["Noop"].size(), 3u);
  pop3.unavailable = 2;
  EXPECT_EQ(caught([&] { opened.user("alice"); }).code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(pop3.calls["User"].size(), 1u);
}

TEST_F(ConnectTest, CloseHasLessTimeThanQuit) {
  auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  for (popgate::Timeout timeout : {popgate::Timeout(330s), popgate::Timeout(), popgate::Timeout(5s)}) {
    popgate::Client(channel, timeout).session(popgate::tls_server("pop.example")).quit();
    ASSERT_EQ(pop3.calls["CloseSession"].size(), pop3.calls["Quit"].size());
    auto close = pop3.calls["CloseSession"].back();
    EXPECT_TRUE(close.limited);
    EXPECT_TRUE(close.left < (timeout == 5s ? 6s : 11s));  // gRPC may round up
    EXPECT_TRUE(timeout == 5s || pop3.calls["Quit"].back().left > 100s);
  }
}

TEST_F(ConnectTest, DetailsThatAreGarbage) {
  google::protobuf::Duration endless;
  endless.set_seconds(INT64_MAX);
  auto field = [](char number, const std::string& value) {  // of a length below 128
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
  };
  auto error = [&](int code, const std::string& type, const std::string& value) {
    google::protobuf::Any detail;
    detail.set_type_url("type.googleapis.com/google.rpc." + type);
    detail.set_value(value);
    std::string details = std::string{8, static_cast<char>(code)} + field(3, detail.SerializeAsString());
    return popgate::Error(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", details));
  };
  std::string info = field(1, "ERROR_REASON_R") + field(2, "popgate.v1");
  EXPECT_EQ(error(5, "ErrorInfo", info).reason, "R");
  EXPECT_EQ(error(6, "ErrorInfo", info).reason, "");  // of another status
  EXPECT_EQ(error(5, "ErrorInfo", "\xff").reason, "");
  EXPECT_EQ(error(5, "RetryInfo", field(1, "\x08\x02")).retry_after, 2s);
  EXPECT_EQ(error(5, "RetryInfo", field(1, endless.SerializeAsString())).retry_after, std::nullopt);
  EXPECT_STREQ(popgate::Error(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", "\xff")).what(), "gone");
}

TEST_F(ConnectTest, AListingOfOneMessageHasAnEntry) {
  auto opened = session();
  EXPECT_THROW(opened.list(1), popgate::IntegrityError);
  EXPECT_THROW(opened.uidl(1), popgate::IntegrityError);
  EXPECT_TRUE(opened.list().empty() && opened.uidl().empty());
}

TEST_F(ConnectTest, Deadline) {
  pop3.silent = true;
  popgate::Client client(grpc::CreateChannel(target, grpc::InsecureChannelCredentials()), 100ms);
  std::optional<popgate::Session> opened;
  while (!opened) {
    try {
      opened = client.session(popgate::tls_server("pop.example"));
    } catch (const popgate::Error& error) {  // the deadline is for this call too
      if (error.code != grpc::StatusCode::DEADLINE_EXCEEDED && error.code != grpc::StatusCode::CANCELLED) throw;
    }
  }
  auto error = caught([&] { opened->noop(); });
  EXPECT_EQ(error.reason, "");
  // The gateway's own timer may be first.
  EXPECT_TRUE(error.code == grpc::StatusCode::DEADLINE_EXCEEDED || error.code == grpc::StatusCode::CANCELLED) << error.code;
}

TEST_F(ConnectTest, TlsIsVerified) {
  start_tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  popgate::ConnectOptions options;
  EXPECT_EQ(caught([&] { session(options); }).code, grpc::StatusCode::UNAVAILABLE);  // plaintext, to this machine
  options.ca_pem = pem(".crt");
  EXPECT_EQ(caught([&] { session(options); }).code, grpc::StatusCode::UNAVAILABLE);  // another name
  EXPECT_EQ(pop3.calls.size(), 0u);
  options.server_name = "gateway.example";
  options.token = "t0ken";
  session(options);
  EXPECT_EQ(pop3.calls["OpenSession"].front().metadata.at("authorization"), "Bearer t0ken");
}

TEST_F(ConnectTest, ClientCertificate) {
  start_tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  popgate::ConnectOptions options;
  options.ca_pem = pem(".crt");
  options.server_name = "gateway.example";
  EXPECT_EQ(caught([&] { session(options); }).code, grpc::StatusCode::UNAVAILABLE);
  options.certificate_pem = pem(".crt");
  options.key_pem = pem(".key");
  EXPECT_EQ(session(options).id(), "id");
}

TEST_F(ConnectTest, PlaintextOnlyToThisMachine) {
  for (const char* local : {"127.0.0.1:9110", "127.8.9.10:1", "[::1]:9110", "localhost:9110", "unix:/run/popgate", "unix-abstract:popgate"}) {
    EXPECT_TRUE(popgate::is_local(local)) << local;
  }
  for (const char* other : {"popgate.example:9110", "10.0.0.1:9110", "[2001:db8::1]:9110", "127.0.0.1.example:9110", "localhost.example:1", ""}) {
    EXPECT_FALSE(popgate::is_local(other)) << other;
  }
  target = "ipv4:" + target;
  EXPECT_EQ(caught([&] { session(); }).code, grpc::StatusCode::UNAVAILABLE);  // TLS
  popgate::ConnectOptions options;
  options.insecure_plaintext = true;
  EXPECT_EQ(session(options).id(), "id");
}

TEST_F(ConnectTest, TlsWinsOverPlaintext) {
  start_tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  popgate::ConnectOptions options;
  options.ca_pem = pem(".crt");
  options.server_name = "gateway.example";
  options.insecure_plaintext = true;
  EXPECT_EQ(session(options).id(), "id");
}

TEST_F(ConnectTest, NoProxyToThisMachine) {
  setenv("grpc_proxy", "http://127.0.0.1:1", 1);
  auto client = popgate::connect(target);
  unsetenv("grpc_proxy");
  EXPECT_EQ(client.session(popgate::tls_server("pop.example")).id(), "id");
}

TEST_F(ConnectTest, UnixSocket) {
  std::string at = "unix-abstract:popgate-" + std::to_string(getpid());
  start(grpc::InsecureServerCredentials(), at);
  target = at;
  EXPECT_EQ(session().id(), "id");
}

TEST_F(ConnectTest, TransportErrorHasNoReason) {
  target = "127.0.0.1:1";
  auto error = caught([&] { session(); });
  EXPECT_EQ(error.reason, "");
  EXPECT_EQ(error.code, grpc::StatusCode::UNAVAILABLE);
}

RetrResponse piece(const std::string& data) {
  RetrResponse response;
  response.set_data(data);
  return response;
}

RetrResponse last(const std::string& data, int64_t octets, uint32_t crc32) {
  RetrResponse response = piece(data);
  response.set_octets(octets);
  response.set_crc32(crc32);
  return response;
}

TEST_F(RetrTest, Whole) {
  EXPECT_EQ(retr({piece("ab"), last("c", 3, kCrc32)}), "abc");
  EXPECT_EQ(retr({piece(""), piece("a"), piece(""), piece("bc"), last("", 3, kCrc32)}), "abc");
  EXPECT_EQ(retr({last("", 0, 0)}), "");
}

TEST_F(RetrTest, NotWhole) {
  std::map<std::string, std::vector<RetrResponse>> streams{
      {"octets", {piece("abc"), last("", 4, kCrc32)}},
      {"CRC-32", {piece("abc"), last("", 3, kCrc32 + 1)}},
      {"a first piece", {last("abc", 3, kCrc32 + 1)}},
      {"no totals", {piece("abc"), piece("")}},
      {"nothing", {}},
      {"more", {piece("ab"), last("c", 3, kCrc32), piece("d")}},
  };
  for (auto& [what, pieces] : streams) {
    EXPECT_THROW(retr(pieces), popgate::IntegrityError) << what;
  }
}

TEST_F(RetrTest, NoEndAfterAnError) {
  pop3.pieces = {piece("abc"), last("", 4, kCrc32)};
  auto opened = session();
  auto stream = opened.retr(1);
  std::ostringstream out;
  auto error = caught<popgate::IntegrityError>([&] { stream.copy_to(out); });
  EXPECT_EQ(error.code, grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(out.str(), "abc");
  EXPECT_THROW(stream.get(), popgate::IntegrityError);
  EXPECT_FALSE(stream.eof());
  EXPECT_THROW(stream.rdbuf()->sgetc(), popgate::IntegrityError);
}

FetchMessagesResponse parts(const std::string& first, const std::string& then, int64_t octets, uint32_t crc32) {
  FetchMessagesResponse response;
  auto* start = response.add_parts();
  start->mutable_start()->set_unique_id("a");
  start->set_data(first);
  auto* end = response.add_parts();
  end->set_data(then);
  end->mutable_end()->set_octets(octets);
  end->mutable_end()->set_crc32(crc32);
  return response;
}

TEST_F(FetchTest, Integrity) {
  auto client = popgate::connect(target);
  for (auto [octets, crc32] : {std::pair(3, kCrc32 + 1), std::pair(2, kCrc32)}) {
    mailbox.responses = {parts("ab", "c", octets, crc32)};
    auto fetch = client.fetch(popgate::v1::FetchMessagesRequest());
    EXPECT_THROW(fetch.begin(), popgate::IntegrityError);
  }
}

TEST_F(FetchTest, EachMessageHasItsOwnStartAndEnd) {
  auto whole = parts("ab", "c", 3, kCrc32);
  auto start = whole.parts(0), end = whole.parts(1), strange = end;
  strange.set_delivery_id(7);
  popgate::v1::Part refused;
  refused.set_delivery_id(7);
  refused.mutable_failure()->set_response("-ERR");
  std::map<std::string, std::vector<popgate::v1::Part>> streams{
      {"no start", {end, start, end}},
      {"no end", {start}},
      {"two starts", {start, start, end}},
      {"another's end", {start, strange}},
      {"another's refusal", {start, refused}},
  };
  auto client = popgate::connect(target);
  for (auto& [what, sent] : streams) {
    FetchMessagesResponse then;
    then.mutable_parts()->Add(sent.begin(), sent.end());
    mailbox.responses = {whole, then};
    auto fetch = client.fetch(popgate::v1::FetchMessagesRequest());
    auto message = fetch.begin();
    EXPECT_EQ(message->data, "abc");
    message->data.clear();  // the caller's to change
    EXPECT_THROW(++message, popgate::IntegrityError) << what;
    EXPECT_EQ(fetch.begin(), fetch.end()) << what;  // what comes behind it is not looked at
  }
}

TEST_F(FetchTest, WhatIsUnderWayAtFinishIsPassedOver) {
  auto whole = parts("ab", "c", 3, kCrc32), no_end = whole;
  no_end.mutable_parts()->RemoveLast();
  CollectMessagesResponse commit;
  commit.mutable_commit()->set_outcome(popgate::v1::COMMIT_OUTCOME_COMMITTED);
  auto client = popgate::connect(target);
  for (auto& under_way : {parts("ab", "c", 3, kCrc32 + 1), no_end, whole}) {
    CollectMessagesResponse first, second;
    *first.mutable_parts() = whole.parts();
    *second.mutable_parts() = under_way.parts();
    mailbox.collected = {first, second, commit};
    auto collect = client.collect(popgate::v1::CollectOpen());
    EXPECT_EQ(collect.begin()->data, "abc");
    EXPECT_NO_THROW(collect.finish());
    EXPECT_EQ(collect.outcome, "COMMITTED");
    EXPECT_EQ(collect.begin(), collect.end());
  }
}

TEST_F(FetchTest, PartsOfOneMessageInTwoResponses) {
  auto first = parts("ab", "c", 3, kCrc32);
  FetchMessagesResponse second;
  *second.add_parts() = first.parts(1);
  second.add_parts()->mutable_failure()->set_response("-ERR");
  first.mutable_parts()->RemoveLast();
  mailbox.responses = {first, second};
  auto fetch = popgate::connect(target).fetch(popgate::v1::FetchMessagesRequest());
  std::vector<std::string> read;
  for (auto& message : fetch) read.push_back(message.unique_id + message.data);
  EXPECT_EQ(read, std::vector<std::string>{"aabc"});
  ASSERT_EQ(fetch.undelivered.size(), 1u);
  EXPECT_EQ(fetch.undelivered[0].failure().response(), "-ERR");
}

}  // namespace
