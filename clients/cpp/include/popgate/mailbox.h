/// Whole messages of a mailbox, as ranges: Fetch deletes none, Collect those that are settled for deletion.
#pragma once

#include <popgate/v1/mailbox_service.grpc.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "popgate/session.h"

namespace popgate {

/// A whole message, its octets and CRC-32 checked.
///
/// Store it under `unique_id` and `sha256` together: what is delivered twice then is stored once.
struct Message {
  /// Counts the messages of the call from 1.
  uint64_t delivery_id = 0;
  /// Message number, good for one login only.
  uint32_t number = 0;
  /// Unique-id, escaped as all texts of servers.
  std::string unique_id;
  /// What the unique-id is worth.
  v1::UniqueIdKind id_kind = v1::UNIQUE_ID_KIND_UNSPECIFIED;
  /// The message byte for byte, dot-unstuffed.
  std::string data;
  /// SHA-256 of `data`, 32 octets; empty if it was left out.
  std::string sha256;
};

/// The messages of a call: an input range, to be gone through once, by one thread. What it throws is Error or IntegrityError.
class Messages {
 public:
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Message;
    using difference_type = std::ptrdiff_t;
    using pointer = Message*;
    using reference = Message&;

    iterator() = default;
    /// Valid, and the caller's to change or move from, until the iterator goes on.
    Message& operator*() const { return messages_->current_; }
    Message* operator->() const { return &messages_->current_; }
    iterator& operator++();
    void operator++(int) { ++*this; }
    friend bool operator==(iterator a, iterator b) { return a.messages_ == b.messages_; }
    friend bool operator!=(iterator a, iterator b) { return !(a == b); }

   private:
    friend class Messages;
    explicit iterator(Messages* messages) : messages_(messages) {}
    Messages* messages_ = nullptr;
  };

  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  virtual ~Messages() = default;

  /// Waits for the next message. A second `begin` goes on where the first loop was left, whose message stays unsettled.
  iterator begin() { return next() ? iterator(this) : iterator(); }
  iterator end() { return {}; }

  /// What there is to do, once the maildrop is listed.
  std::optional<v1::Progress> progress;
  /// The last cursor that came. It knows no message that the loop has not reached.
  std::optional<std::string> cursor;
  /// Parts with `failure` or `skipped`: messages that the server refused, or that are larger than `max_octets`.
  std::vector<v1::Part> undelivered;
  /// What the call came to, at its end.
  std::optional<v1::Summary> summary;

 protected:
  Messages() = default;
  /// Makes the next message the current one; false at the end.
  bool next();
  /// Waits for the next response and takes it; false at the end of the call.
  virtual bool receive() = 0;
  /// The loop has gone past the current message.
  virtual void passed() {}
  /// Gives the call up; nothing at its end.
  virtual void give_up() noexcept = 0;
  /// Drops what has come and is not delivered yet.
  void drop();
  /// Takes what the responses of both calls have in common.
  template <class Response>
  void take(Response& response);

  Message current_;
  /// Of the current message, which the caller may change.
  uint64_t delivery_id_ = 0;

 private:
  bool add(v1::Part& part);
  void check_ended() const;

  bool begun_ = false;  // a message, which has no end yet
  google::protobuf::RepeatedPtrField<v1::Part> parts_;
  int position_ = 0;
};

/// The messages that Client::fetch asked for. None is deleted. Its end of life gives the rest up.
class Fetch : public Messages {
 public:
  Fetch(v1::MailboxService::StubInterface& stub, const v1::FetchMessagesRequest& request, Timeout timeout);
  ~Fetch() override;

 private:
  bool receive() override;
  void give_up() noexcept override;

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::FetchMessagesResponse>> stream_;
  bool over_ = false;
};

/// How a mailbox is collected.
struct CollectOptions {
  /// How the loop settles a message: DISPOSITION_DELETE, or DISPOSITION_KEEP; with DISPOSITION_UNSPECIFIED only Collect::settle does.
  v1::Disposition settle = v1::DISPOSITION_DELETE;
  /// Is told what became of each message of a batch.
  std::function<void(const v1::Commit&)> on_commit;
  /// For the whole call.
  Timeout timeout;
};

/// The messages that Client::collect asked for, deleted when they are settled for it.
///
/// A message is settled when the loop goes on to the next one: its body was left without an exception, or by `continue`. A message
/// whose body threw, or which `break` left, is not settled and stays on the server. `settle` overrides what the loop would do, as
/// the first settlement of a message stands. A message that is not settled for 10 minutes ends the call with UNSETTLED.
///
/// A loop that comes to its end has committed everything. After one that was left early call `finish`: it commits what is settled.
/// Without it the destructor gives the call up, as it cannot report errors: what no commit has told stays on the server and comes
/// again. So does an exception that leaves the scope of the Collect.
class Collect : public Messages {
 public:
  Collect(v1::MailboxService::StubInterface& stub, const v1::CollectOpen& open, CollectOptions options);
  ~Collect() override;

  /// Says that a message is stored durably and may go (DISPOSITION_DELETE), or was seen and is to stay (DISPOSITION_KEEP).
  void settle(const Message& message, v1::Disposition disposition);
  /// Gives a fresh secret of the same user, such as an access token, for the next login inside the call.
  void renew(const Credentials& credentials);
  /// Commits what is settled, leaves the rest on the server, and ends the call; nothing at its end. Throws Error, save that UNSETTLED
  /// is none.
  void finish();
  /// Gives the call up: what no commit has told stays on the server. Nothing at the end of the call.
  void give_up() noexcept override;

  /// Name of the last commit's CommitOutcome without its prefix, such as "COMMITTED", or empty.
  std::string outcome;

 private:
  bool receive() override;
  void passed() override;
  void settle(uint64_t delivery_id, v1::Disposition disposition);
  void send(const v1::CollectMessagesRequest& request);

  CollectOptions options_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriterInterface<v1::CollectMessagesRequest, v1::CollectMessagesResponse>> stream_;
  bool half_closed_ = false, over_ = false;
};

}  // namespace popgate
