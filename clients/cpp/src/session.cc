#include "popgate/session.h"

#include <zlib.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <ostream>
#include <utility>

namespace popgate {
namespace {

using Stub = v1::Pop3Service::StubInterface;

constexpr char kHeader[] = "pop3-session";
constexpr std::chrono::milliseconds kCloseTimeout(10'000);  // it waits for nothing that the server says

}  // namespace

/// The data of a stream of pieces, whose end is only reached if the totals agree.
class MessageStream::Buffer : public std::streambuf {
 public:
  std::string response;

  void copy_to(std::ostream& out) {
    while (out && underflow() != traits_type::eof()) {
      out.write(gptr(), egptr() - gptr());
      setg(nullptr, nullptr, nullptr);
    }
  }

 protected:
  /// Puts the data of the next piece in place of the last one's; false at the end.
  virtual bool next() = 0;

  /// Shows the data to who reads.
  void show(std::string& data) { setg(data.data(), data.data(), data.data() + data.size()); }

  int_type underflow() override {
    if (failure_) std::rethrow_exception(failure_);  // never an end after an error
    try {
      while (gptr() == egptr() && next()) {
      }
    } catch (...) {
      failure_ = std::current_exception();
      setg(nullptr, nullptr, nullptr);
      throw;
    }
    return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
  }

 private:
  std::exception_ptr failure_;
};

/// The pieces of RETR or TOP, whose responses have the same fields.
template <class Response>
class MessageStream::Pieces : public Buffer {
 public:
  /// Begins the call; `begin` takes the context, which has to outlive it.
  template <class Begin>
  explicit Pieces(Begin begin) : reader_(begin(context_)) {
    next();
    response = piece_.response();
  }

  ~Pieces() override {
    if (ended_) return;
    context_.TryCancel();
    reader_->Finish();
  }

 private:
  bool next() override {
    if (ended_) return false;
    if (!reader_->Read(&piece_)) {
      ended_ = true;
      check(reader_->Finish());
      if (!whole_) throw IntegrityError("the stream ended before the message");
      return false;
    }
    count();
    show(*piece_.mutable_data());
    return true;
  }

  void count() {
    if (whole_) throw IntegrityError("the stream goes on behind the message");
    const std::string& data = piece_.data();
    octets_ += static_cast<int64_t>(data.size());
    crc32_ = crc32_z(crc32_, reinterpret_cast<const Bytef*>(data.data()), data.size());
    if (!piece_.has_octets()) return;
    if (piece_.octets() != octets_ || piece_.crc32() != crc32_) {
      throw IntegrityError(std::to_string(octets_) + " octets came, " + std::to_string(piece_.octets()) +
                           " were sent, or their CRC-32 differs");
    }
    whole_ = true;
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<Response>> reader_;
  Response piece_;
  int64_t octets_ = 0;
  uLong crc32_ = 0;
  bool whole_ = false, ended_ = false;
};

MessageStream::MessageStream(std::unique_ptr<Buffer> buffer) : std::istream(nullptr), buffer_(std::move(buffer)) {
  rdbuf(buffer_.get());
  exceptions(badbit);  // else istream would swallow what the buffer throws
}

MessageStream::~MessageStream() = default;

const std::string& MessageStream::response() const { return buffer_->response; }

void MessageStream::copy_to(std::ostream& out) { buffer_->copy_to(out); }

/// What every call of a session needs. Its end is the session's.
struct Session::State {
  std::shared_ptr<Stub> stub;
  Timeout timeout;
  v1::OpenSessionResponse opened;
  std::string header;

  State(std::shared_ptr<Stub> of, const Server& server, Timeout each) : stub(std::move(of)), timeout(each) {
    grpc::ClientContext context;
    limit(context, timeout);
    v1::OpenSessionRequest request;
    *request.mutable_server() = server;
    check(stub->OpenSession(&context, request, &opened));
    // A proxy may have put its own value into the header, and routes by what comes back.
    const auto& headers = context.GetServerInitialMetadata();
    auto found = headers.find(kHeader);
    header = found == headers.end() ? opened.session_id() : std::string(found->second.data(), found->second.size());
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() { close(); }

  static void limit(grpc::ClientContext& context, Timeout timeout) {
    if (timeout) context.set_deadline(std::chrono::system_clock::now() + *timeout);
  }

  void close() noexcept {
    try {
      grpc::ClientContext context;
      limit(context, std::min(timeout.value_or(kCloseTimeout), kCloseTimeout));
      context.AddMetadata(kHeader, header);
      v1::CloseSessionResponse response;
      stub->CloseSession(&context, about<v1::CloseSessionRequest>(), &response);
    } catch (const std::exception&) {  // no memory: then it ends by its idle time-out
    }
  }

  /// A request about this session.
  template <class Request>
  Request about() const {
    Request request;
    request.set_session_id(opened.session_id());
    return request;
  }

  template <class Request>
  Request about_message(std::optional<uint32_t> number) const {
    auto request = about<Request>();
    if (number) request.set_message_number(*number);
    return request;
  }

  template <class Request, class Response>
  Response call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request) const {
    grpc::ClientContext context;
    limit(context, timeout);
    context.AddMetadata(kHeader, header);
    Response response;
    check((stub.get()->*method)(&context, request, &response));
    return response;
  }

  /// Begins a call that streams.
  template <class Request, class Response>
  auto begin(std::unique_ptr<grpc::ClientReaderInterface<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
             const Request& request, grpc::ClientContext& context) const {
    context.AddMetadata(kHeader, header);
    return (stub.get()->*method)(&context, request);
  }

  /// Puts the entries of all batches of a listing together.
  template <class Entry, class Request, class Response>
  std::vector<Entry> listing(
      std::unique_ptr<grpc::ClientReaderInterface<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
      std::optional<uint32_t> number) const {
    grpc::ClientContext context;
    auto reader = begin(method, about_message<Request>(number), context);
    std::vector<Entry> entries;
    Response batch;
    while (reader->Read(&batch)) {
      std::move(batch.mutable_entries()->begin(), batch.mutable_entries()->end(), std::back_inserter(entries));
    }
    check(reader->Finish());
    if (number && entries.empty()) throw IntegrityError("the listing has no entry");
    return entries;
  }
};

Session::Session(std::shared_ptr<Stub> stub, const Server& server, Timeout timeout)
    : state_(std::make_unique<State>(std::move(stub), server, timeout)) {}

Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

void Session::close() noexcept { state_->close(); }

const std::string& Session::id() const { return state_->opened.session_id(); }

const v1::OpenSessionResponse& Session::opened() const { return state_->opened; }

std::string Session::get_welcome() {
  return state_->call(&Stub::GetWelcome, state_->about<v1::GetWelcomeRequest>()).response();
}

v1::CapaResponse Session::capa() { return state_->call(&Stub::Capa, state_->about<v1::CapaRequest>()); }

v1::StlsResponse Session::stls(const std::optional<TlsOptions>& tls) {
  auto request = state_->about<v1::StlsRequest>();
  if (tls) *request.mutable_tls() = *tls;
  return state_->call(&Stub::Stls, request);
}

std::string Session::utf8() { return state_->call(&Stub::Utf8, state_->about<v1::Utf8Request>()).response(); }

v1::LangResponse Session::lang(const std::optional<std::string>& tag) {
  auto request = state_->about<v1::LangRequest>();
  if (tag) request.set_tag(*tag);
  return state_->call(&Stub::Lang, request);
}

std::string Session::login(const std::string& username, const std::string& password) {
  user(username);
  return pass(password);
}

v1::AuthResponse Session::auth(const Credentials& credentials) {
  auto request = state_->about<v1::AuthRequest>();
  *request.mutable_credentials() = credentials;
  return state_->call(&Stub::Auth, request);
}

std::string Session::user(const std::string& username) {
  auto request = state_->about<v1::UserRequest>();
  request.set_username(username);
  return state_->call(&Stub::User, request).response();
}

std::string Session::pass(const std::string& password) {
  auto request = state_->about<v1::PassRequest>();
  request.set_password(password);
  return state_->call(&Stub::Pass, request).response();
}

std::string Session::apop(const std::string& username, const std::string& secret) {
  auto request = state_->about<v1::ApopRequest>();
  request.set_username(username);
  request.set_secret(secret);
  return state_->call(&Stub::Apop, request).response();
}

std::string Session::rpop(const std::string& username) {
  auto request = state_->about<v1::RpopRequest>();
  request.set_username(username);
  return state_->call(&Stub::Rpop, request).response();
}

v1::StatResponse Session::stat() { return state_->call(&Stub::Stat, state_->about<v1::StatRequest>()); }

std::vector<v1::ListEntry> Session::list(std::optional<uint32_t> number) {
  return state_->listing<v1::ListEntry>(&Stub::List, number);
}

std::vector<v1::UidlEntry> Session::uidl(std::optional<uint32_t> number) {
  return state_->listing<v1::UidlEntry>(&Stub::Uidl, number);
}

MessageStream Session::retr(uint32_t number, std::optional<int64_t> max_octets) {
  auto request = state_->about_message<v1::RetrRequest>(number);
  if (max_octets) request.set_max_octets(*max_octets);
  auto begin = [&](grpc::ClientContext& context) { return state_->begin(&Stub::Retr, request, context); };
  return MessageStream(std::make_unique<MessageStream::Pieces<v1::RetrResponse>>(begin));
}

MessageStream Session::top(uint32_t number, uint32_t lines) {
  auto request = state_->about_message<v1::TopRequest>(number);
  request.set_lines(lines);
  auto begin = [&](grpc::ClientContext& context) { return state_->begin(&Stub::Top, request, context); };
  return MessageStream(std::make_unique<MessageStream::Pieces<v1::TopResponse>>(begin));
}

std::string Session::dele(uint32_t number, const std::optional<std::string>& if_unique_id) {
  auto request = state_->about_message<v1::DeleRequest>(number);
  if (if_unique_id) request.set_if_unique_id(*if_unique_id);
  return state_->call(&Stub::Dele, request).response();
}

std::string Session::rset() { return state_->call(&Stub::Rset, state_->about<v1::RsetRequest>()).response(); }

std::string Session::noop() { return state_->call(&Stub::Noop, state_->about<v1::NoopRequest>()).response(); }

v1::QuitResponse Session::quit() { return state_->call(&Stub::Quit, state_->about<v1::QuitRequest>()); }

}  // namespace popgate
