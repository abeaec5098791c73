// The runner of clients/conformance: does what a line of standard input says, and answers it with a line.

#include <google/protobuf/util/json_util.h>
#include <openssl/evp.h>
#include <popgate/popgate.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace {

using json = nlohmann::json;
using google::protobuf::Message;
using popgate::v1::CollectMessagesRequest;
using popgate::v1::CollectMessagesResponse;

/// An error of the language's own, in a loop's body.
struct BodyError : std::exception {};

/// SHA-256 and octets of what comes in pieces.
class Digest {
 public:
  Digest() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

  Digest& add(const char* data, std::size_t size) {
    octets_ += size;
    EVP_DigestUpdate(context_.get(), data, size);
    return *this;
  }

  /// Puts both into an answer.
  void into(json& answer) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    std::string hex;
    for (unsigned i = 0; i < size; i++) {
      hex += "0123456789abcdef"[digest[i] >> 4];
      hex += "0123456789abcdef"[digest[i] & 15];
    }
    answer["octets"] = octets_;
    answer["sha256"] = hex;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::size_t octets_ = 0;
};

template <class Of>
Of parse(const json& from) {
  Of message;
  auto status = google::protobuf::util::JsonStringToMessage(from.dump(), &message);
  if (!status.ok()) throw std::invalid_argument(status.ToString() + ": " + from.dump());
  return message;
}

json to_json(const Message& message) {
  std::string text;
  auto status = google::protobuf::util::MessageToJsonString(message, &text);
  if (!status.ok()) throw std::invalid_argument(status.ToString());
  return json::parse(text);
}

std::string base64(const std::string& octets) {
  std::string text(4 * ((octets.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(octets.data()),
                  static_cast<int>(octets.size()));
  return text;
}

std::string code_name(grpc::StatusCode code) {
  static const char* const names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
                                      "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
                                      "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
  return names[code];
}

json to_json(const popgate::Error& error) {
  return {{"code", code_name(error.code)},
          {"reason", error.reason},
          {"command", error.command},
          {"response", error.response},
          {"response_code", error.response_code},
          {"cause", error.cause},
          {"outcome", error.outcome},
          {"retry_after_ms", error.retry_after ? error.retry_after->count() : 0},
          {"text", error.what()}};
}

/// One call of a stub. `visit` is called with each response.
class Call {
 public:
  explicit Call(const json& line) : line_(line), cancel_after_(line.value("cancel_after", -1)) {
    auto metadata = line.value("metadata", json::object());
    for (auto& [key, value] : metadata.items()) context.AddMetadata(key, value.get<std::string>());
    if (line.contains("deadline_ms")) {
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(line.at("deadline_ms").get<int64_t>()));
    }
  }

  template <class Stub, class Request, class Response>
  void run(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    Response response;
    if (cancel_after_ == 0) context.TryCancel();
    auto status = (stub.*method)(&context, request<Request>(), &response);
    if (status.ok()) take(response);
    end(status);
  }

  template <class Stub, class Request, class Response>
  void run(Stub& stub, std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&)) {
    auto reader = (stub.*method)(&context, request<Request>());
    Response response;
    if (cancel_after_ == 0) context.TryCancel();
    while (reader->Read(&response)) {
      take(response);
      if (static_cast<int>(responses_.size()) == cancel_after_) context.TryCancel();
    }
    end(reader->Finish());
  }

  json answer() {
    answer_["responses"] = responses_;
    if (has_data_) data_.into(answer_);
    return answer_;
  }

  grpc::ClientContext context;

 private:
  template <class Request>
  Request request() const {
    return parse<Request>(line_.value("request", json::object()));
  }

  void take(Message& response) { responses_.push_back(to_json(response)); }
  void take(popgate::v1::RetrResponse& response) { take_piece(response); }
  void take(popgate::v1::TopResponse& response) { take_piece(response); }

  template <class Piece>
  void take_piece(Piece& piece) {
    data_.add(piece.data().data(), piece.data().size());
    has_data_ = true;
    piece.clear_data();
    responses_.push_back(to_json(piece));
  }

  void end(const grpc::Status& status) {
    // Where no header came there is none to ask for.
    json header = json::object();
    for (auto& [key, value] : context.GetServerInitialMetadata()) {
      header[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
    answer_["header"] = header;
    if (!status.ok()) answer_["error"] = to_json(popgate::Error(status));
  }

  json line_;
  int cancel_after_;
  json responses_ = json::array(), answer_ = json::object();
  Digest data_;
  bool has_data_ = false;
};

class Runner {
 public:
  json run(const json& line) {
    std::string op = line.at("op");
    if (op == "connect") return connect(line);
    if (!client_) throw std::logic_error("connect comes first");
    if (op == "call") return call(line);
    if (op == "fetch") return fetch(line);
    if (op == "collect") return collect(line);
    if (op.rfind("session.", 0) == 0) return session(op.substr(8), line);
    return stream(op, line);
  }

 private:
  json connect(const json& line) {
    session_.reset();
    stream_.reset();
    popgate::ConnectOptions options;
    if (auto path = line.value("ca_file", ""); !path.empty()) {
      std::ifstream file(path);
      options.ca_pem = {std::istreambuf_iterator<char>(file), {}};
      if (options.ca_pem.empty()) throw std::invalid_argument("cannot read " + path);
    }
    options.server_name = line.value("server_name", "");
    options.token = line.value("token", "");
    client_ = popgate::connect(line.at("target"), options);
    return json::object();
  }

  json call(const json& line) {
    Call call(line);
    std::string method = line.at("method");
#define POP3(name) if (method == "Pop3Service/" #name) return call.run(client_->pop3(), &popgate::v1::Pop3Service::Stub::name), call.answer()
#define MAILBOX(name) \
  if (method == "MailboxService/" #name) return call.run(client_->mailbox(), &popgate::v1::MailboxService::Stub::name), call.answer()
    POP3(OpenSession);
    POP3(GetWelcome);
    POP3(SetDebugLevel);
    POP3(WatchDebug);
    POP3(Capa);
    POP3(Stls);
    POP3(Utf8);
    POP3(Lang);
    POP3(CloseSession);
    POP3(User);
    POP3(Pass);
    POP3(Apop);
    POP3(Rpop);
    POP3(Auth);
    POP3(Stat);
    POP3(List);
    POP3(Uidl);
    POP3(Dele);
    POP3(Rset);
    POP3(Noop);
    POP3(Retr);
    POP3(Top);
    POP3(Quit);
    MAILBOX(ListMessages);
    MAILBOX(FetchMessages);
    MAILBOX(DeleteMessages);
    MAILBOX(DiagnoseServer);
#undef POP3
#undef MAILBOX
    throw std::invalid_argument("no such method: " + method);
  }

  json fetch(const json& line) {
    auto messages = client_->fetch(parse<popgate::v1::FetchMessagesRequest>(line.at("request")));
    json answer{{"messages", json::array()}};
    try {
      for (auto& message : messages) answer["messages"].push_back(describe(message));
    } catch (const popgate::Error& error) {
      answer["error"] = to_json(error);
    }
    answer["cursor"] = base64(messages.cursor.value_or(""));
    return answer;
  }

  json collect(const json& line) {
    popgate::CollectOptions options;
    std::string settle = line.value("settle", "delete");
    options.settle = settle == "delete" ? popgate::v1::DISPOSITION_DELETE
                     : settle == "keep" ? popgate::v1::DISPOSITION_KEEP
                                        : popgate::v1::DISPOSITION_UNSPECIFIED;
    auto messages = client_->collect(parse<popgate::v1::CollectOpen>(line.at("open")), options);
    json answer{{"messages", json::array()}};
    try {
      try {
        body(messages, answer["messages"], settle.empty(), line.value("stop_at", 0u), line.value("fail_at", 0u));
      } catch (const BodyError&) {
      }
      messages.finish();
    } catch (const popgate::Error& error) {
      answer["error"] = to_json(error);
    }
    answer["outcome"] = messages.outcome;
    return answer;
  }

  static void body(popgate::Collect& messages, json& seen, bool by_hand, unsigned stop_at, unsigned fail_at) {
    for (auto& message : messages) {
      seen.push_back(describe(message));
      if (seen.size() == stop_at) break;
      if (seen.size() == fail_at) throw BodyError();
      if (by_hand) {
        messages.settle(message, seen.size() % 2 == 1 ? popgate::v1::DISPOSITION_DELETE : popgate::v1::DISPOSITION_KEEP);
      }
    }
  }

  static json describe(const popgate::Message& message) {
    json described{{"number", message.number}, {"unique_id", message.unique_id}};
    Digest().add(message.data.data(), message.data.size()).into(described);
    return described;
  }

  json session(const std::string& op, const json& line) {
    if (op == "open") {
      session_ = client_->session(parse<popgate::Server>(line.at("server")));
      return {{"session_id", session_->id()}, {"response", session_->opened().response()}};
    }
    if (!session_) throw std::logic_error("there is no session");
    if (op == "login") return session_->login(line.at("username"), line.at("password")), json::object();
    if (op == "retr") return retr(line.at("number"));
    if (op == "dele") return session_->dele(line.at("number")), json::object();
    if (op == "quit") return {{"outcome", popgate::v1::CommitOutcome_Name(session_->quit().outcome()).substr(15)}};
    if (op == "close") return session_->close(), json::object();
    throw std::invalid_argument("no such operation: session." + op);
  }

  json retr(uint32_t number) {
    auto stream = session_->retr(number);
    Digest digest;
    char piece[10'000];
    do {
      stream.read(piece, sizeof piece);
      digest.add(piece, static_cast<std::size_t>(stream.gcount()));
    } while (stream);
    json answer;
    digest.into(answer);
    return answer;
  }

  json stream(const std::string& op, const json& line) {
    if (op == "open") return open(line);
    if (!stream_) throw std::logic_error("no call is open, or no such operation: " + op);
    return stream_->run(op, line);
  }

  /// A call that streams both ways.
  struct Stream {
    virtual ~Stream() = default;
    virtual json run(const std::string& op, const json& line) = 0;
  };

  template <class Request, class Response>
  struct StreamOf : Stream {
    template <class Stub, class Method>
    StreamOf(const json& line, Stub& stub, Method method) : call(line), of((stub.*method)(&call.context)) {}

    ~StreamOf() override {
      if (over) return;
      call.context.TryCancel();
      of->Finish();
    }

    json run(const std::string& op, const json& line) override {
      if (op == "receive") return receive();
      if (op == "send") {
        if (!over) of->Write(parse<Request>(line.at("request")));  // where it fails `receive` says why
      } else if (op == "half_close") {
        if (!over) of->WritesDone();
      } else if (op == "cancel") {
        call.context.TryCancel();
      } else {
        throw std::invalid_argument("no such operation: " + op);
      }
      return json::object();
    }

    json receive() {
      Response response;
      if (!over && of->Read(&response)) return {{"response", to_json(response)}};
      if (!over) status = of->Finish();
      over = true;
      popgate::check(status);
      return {{"end", true}};
    }

    Call call;
    std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> of;
    grpc::Status status;
    bool over = false;
  };

  json open(const json& line) {
    stream_.reset();
    std::string method = line.at("method");
    if (method == "MailboxService/CollectMessages") {
      using Of = StreamOf<CollectMessagesRequest, CollectMessagesResponse>;
      stream_ = std::make_unique<Of>(line, client_->mailbox(), &popgate::v1::MailboxService::Stub::CollectMessages);
    } else if (method == "Pop3Service/AuthExchange") {
      using Of = StreamOf<popgate::v1::AuthExchangeRequest, popgate::v1::AuthExchangeResponse>;
      stream_ = std::make_unique<Of>(line, client_->pop3(), &popgate::v1::Pop3Service::Stub::AuthExchange);
    } else {
      throw std::invalid_argument("no such method: " + method);
    }
    return json::object();
  }

  std::optional<popgate::Client> client_;
  std::optional<popgate::Session> session_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

int main() {
  // An idle channel of gRPC looks only every 5 seconds whether the gateway goes away, and so long each gateway waits for it.
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "50", 0);
  Runner runner;
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      answer = runner.run(json::parse(line));
    } catch (const popgate::Error& error) {
      answer = {{"error", to_json(error)}};
    }
    std::cout << answer.dump() << std::endl;
  }
}
