#include "popgate/mailbox.h"

#include <zlib.h>

#include <utility>

namespace popgate {
namespace {

constexpr std::size_t kOutcomePrefix = sizeof("COMMIT_OUTCOME_") - 1;

void limit(grpc::ClientContext& context, Timeout timeout) {
  if (timeout) context.set_deadline(std::chrono::system_clock::now() + *timeout);
}

void check_whole(const std::string& data, const v1::PartEnd& end) {
  auto crc32 = crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size());
  if (static_cast<int64_t>(data.size()) == end.octets() && crc32 == end.crc32()) return;
  throw IntegrityError(std::to_string(data.size()) + " octets came, " + std::to_string(end.octets()) +
                       " were sent, or their CRC-32 differs");
}

}  // namespace

Messages::iterator& Messages::iterator::operator++() {
  messages_->passed();
  if (!messages_->next()) messages_ = nullptr;
  return *this;
}

bool Messages::next() {
  try {
    do {
      while (position_ < parts_.size()) {
        if (add(*parts_.Mutable(position_++))) return true;
      }
    } while (receive());
    check_ended();
    return false;
  } catch (const Error&) {
    // Behind a damaged message nothing is delivered, lest its cursor is stored, which knows that one.
    give_up();
    drop();
    throw;
  }
}

void Messages::drop() {
  begun_ = false;
  parts_.Clear();
  position_ = 0;
}

bool Messages::add(v1::Part& part) {
  if (part.delivery_id() != delivery_id_) check_ended();
  if (part.has_failure() || part.has_skipped()) {
    begun_ = false;
    undelivered.push_back(std::move(part));
    return false;
  }
  if (part.has_start()) {
    check_ended();
    begun_ = true;
    delivery_id_ = part.delivery_id();
    const v1::PartStart& start = part.start();
    current_ = {part.delivery_id(), start.message_number(), start.unique_id(), start.id_kind(), std::move(*part.mutable_data()), ""};
  } else {
    if (!begun_ || part.delivery_id() != delivery_id_) throw IntegrityError("a part of a message that has no start");
    current_.data += part.data();
  }
  if (!part.has_end()) return false;
  begun_ = false;
  check_whole(current_.data, part.end());
  current_.sha256 = part.end().sha256();
  return true;
}

void Messages::check_ended() const {
  if (begun_) throw IntegrityError("a message ended before it was whole");
}

template <class Response>
void Messages::take(Response& response) {
  parts_.Swap(response.mutable_parts());
  position_ = 0;
  if (response.has_progress()) progress = response.progress();
  if (response.has_cursor()) cursor = response.cursor();
  if (response.has_summary()) summary = response.summary();
}

Fetch::Fetch(v1::MailboxService::StubInterface& stub, const v1::FetchMessagesRequest& request, Timeout timeout) {
  limit(context_, timeout);
  stream_ = stub.FetchMessages(&context_, request);
}

Fetch::~Fetch() { give_up(); }

void Fetch::give_up() noexcept {
  if (over_) return;
  over_ = true;
  context_.TryCancel();
  stream_->Finish();
}

bool Fetch::receive() {
  if (over_) return false;
  v1::FetchMessagesResponse response;
  if (stream_->Read(&response)) {
    take(response);
    return true;
  }
  over_ = true;
  check(stream_->Finish());
  return false;
}

Collect::Collect(v1::MailboxService::StubInterface& stub, const v1::CollectOpen& open, CollectOptions options)
    : options_(std::move(options)) {
  limit(context_, options_.timeout);
  stream_ = stub.CollectMessages(&context_);
  v1::CollectMessagesRequest request;
  *request.mutable_open() = open;
  send(request);
}

Collect::~Collect() { give_up(); }

// Where it fails the stream is broken, and the next Read says why.
void Collect::send(const v1::CollectMessagesRequest& request) {
  if (!over_ && !half_closed_) stream_->Write(request);
}

void Collect::settle(const Message& message, v1::Disposition disposition) { settle(message.delivery_id, disposition); }

void Collect::settle(uint64_t delivery_id, v1::Disposition disposition) {
  v1::CollectMessagesRequest request;
  request.mutable_settle()->add_delivery_ids(delivery_id);
  request.mutable_settle()->set_disposition(disposition);
  send(request);
}

void Collect::renew(const Credentials& credentials) {
  v1::CollectMessagesRequest request;
  *request.mutable_credentials() = credentials;
  send(request);
}

void Collect::passed() {
  if (options_.settle != v1::DISPOSITION_UNSPECIFIED) settle(delivery_id_, options_.settle);
}

bool Collect::receive() {
  if (over_) return false;
  v1::CollectMessagesResponse response;
  if (!stream_->Read(&response)) {
    over_ = true;
    check(stream_->Finish());
    return false;
  }
  take(response);
  if (response.has_commit()) {
    outcome = v1::CommitOutcome_Name(response.commit().outcome()).substr(kOutcomePrefix);
    if (options_.on_commit) options_.on_commit(response.commit());
  }
  return true;
}

void Collect::finish() {
  if (over_) return;
  if (!half_closed_) stream_->WritesDone();
  half_closed_ = true;
  try {
    do {
      drop();  // what was under way is passed over, whole or not
    } while (receive());
  } catch (const Error& error) {
    if (error.reason != "UNSETTLED") throw;
  }
}

void Collect::give_up() noexcept {
  if (over_) return;
  over_ = true;
  context_.TryCancel();
  stream_->Finish();
}

}  // namespace popgate
