/// What can go wrong: the gateway's errors, decoded.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

namespace popgate {

/// A call failed. what() is the gateway's sentence, for people; the members are for programs.
class Error : public std::runtime_error {
 public:
  /// Decodes the status of a failed call; for calls of the stubs too.
  explicit Error(const grpc::Status& status);

  /// A value of ErrorReason (popgate/v1/error.proto) without its prefix, such as "LOGIN_FAILED"; empty where the error does not
  /// come from popgate but from the transport or the caller's own deadline.
  std::string reason;
  /// The status code of gRPC.
  grpc::StatusCode code;
  /// The POP3 command without its arguments, or empty.
  std::string command;
  /// The POP3 server's status line, or empty. Octets that are not printable UTF-8 are escaped.
  std::string response;
  /// The response code in it (RFC 2449 section 8), such as "SYS/TEMP", or empty.
  std::string response_code;
  /// Why a session ended or a connection was not made, such as "REFUSED", or empty.
  std::string cause;
  /// What became of messages marked by DELE, such as "NOT_COMMITTED", or empty.
  std::string outcome;
  /// After how long the same call may succeed; absent where trying again does not help.
  std::optional<std::chrono::milliseconds> retry_after;
  /// All of google.rpc.ErrorInfo's metadata.
  std::map<std::string, std::string> metadata;
};

/// What arrived is not what the gateway sent: its octets or its CRC-32 differ, or its end or an entry is missing. Do not
/// store it.
class IntegrityError : public Error {
 public:
  explicit IntegrityError(const std::string& text) : Error(grpc::Status(grpc::StatusCode::DATA_LOSS, text)) {}
};

/// Throws Error unless the status is OK.
inline void check(const grpc::Status& status) {
  if (!status.ok()) throw Error(status);
}

}  // namespace popgate
