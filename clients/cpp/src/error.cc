#include "popgate/error.h"

#include <cstdint>
#include <string_view>

#include "details.pb.h"

namespace popgate {
namespace {

constexpr char kDomain[] = "popgate.v1";
constexpr std::string_view kPrefix = "ERROR_REASON_";

/// Decodes a detail if it is of this type. Only the name behind the last slash of a type URL counts.
template <class Detail>
bool unpack(const google::protobuf::Any& any, std::string_view type, Detail& detail) {
  std::string_view url = any.type_url();
  return url.substr(url.rfind('/') + 1) == type && detail.ParseFromString(any.value());
}

/// Nothing where it is beyond what google/protobuf/duration.proto allows.
std::optional<std::chrono::milliseconds> milliseconds(const google::protobuf::Duration& duration) {
  constexpr int64_t kMost = 315'576'000'000;
  if (duration.seconds() < -kMost || duration.seconds() > kMost) return std::nullopt;
  return std::chrono::seconds(duration.seconds()) + std::chrono::milliseconds(duration.nanos() / 1'000'000);
}

std::string value(const std::map<std::string, std::string>& metadata, const char* key) {
  auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

}  // namespace

Error::Error(const grpc::Status& status) : std::runtime_error(status.error_message()), code(status.error_code()) {
  details::Status decoded;
  if (!decoded.ParseFromString(status.error_details()) || decoded.code() != code) return;  // details of somebody else
  for (const auto& any : decoded.details()) {
    details::ErrorInfo info;
    details::RetryInfo retry;
    if (unpack(any, "google.rpc.ErrorInfo", info) && info.domain() == kDomain) {
      reason = info.reason().substr(info.reason().rfind(kPrefix, 0) == 0 ? kPrefix.size() : 0);
      metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (unpack(any, "google.rpc.RetryInfo", retry)) {
      retry_after = milliseconds(retry.retry_delay());
    }
  }
  command = value(metadata, "command");
  response = value(metadata, "response");
  response_code = value(metadata, "responseCode");
  cause = value(metadata, "cause");
  outcome = value(metadata, "outcome");
}

}  // namespace popgate
