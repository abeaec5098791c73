//! What can go wrong: the gateway's errors, decoded.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{RpcStatusExt, pb};

const DOMAIN: &str = "popgate.v1";
const PREFIX: &str = "ERROR_REASON_";

/// A call failed. `Display` gives the gateway's sentence, for people; the methods are for programs.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    text: String,
    code: Code,
    reason: String,
    metadata: HashMap<String, String>,
    retry_after: Option<Duration>,
    integrity: bool,
}

impl Error {
    /// A value of `ErrorReason` without its prefix, such as `LOGIN_FAILED`. Empty where the error does not come from popgate
    /// but from the transport, the caller's own deadline or this crate.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The status code of gRPC.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The POP3 command without its arguments, or empty.
    pub fn command(&self) -> &str {
        self.entry("command")
    }

    /// The POP3 server's status line, or empty. Octets that are not printable UTF-8 are escaped.
    pub fn response(&self) -> &str {
        self.entry("response")
    }

    /// The response code in it (RFC 2449 section 8), such as `SYS/TEMP`, or empty.
    pub fn response_code(&self) -> &str {
        self.entry("responseCode")
    }

    /// Why a session ended or a connection was not made, such as `REFUSED`, or empty.
    pub fn cause(&self) -> &str {
        self.entry("cause")
    }

    /// What became of messages marked by DELE, such as `NOT_COMMITTED`, or empty.
    pub fn outcome(&self) -> &str {
        self.entry("outcome")
    }

    /// After how long the same call may succeed; `None` where trying again does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// All of `google.rpc.ErrorInfo`'s metadata.
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.0.metadata
    }

    /// Whether what arrived is not what the gateway sent: its octets or its CRC-32 differ, or its end or an entry is
    /// missing. Do not store it.
    pub fn is_integrity(&self) -> bool {
        self.0.integrity
    }

    fn entry(&self, key: &str) -> &str {
        self.0.metadata.get(key).map_or("", String::as_str)
    }

    pub(crate) fn integrity(text: impl Into<String>) -> Self {
        let mut error = Self::from(Status::data_loss(text));
        error.0.integrity = true;
        error
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        // Details that do not fit the status are not popgate's.
        let details = pb::Status::decode(status.details()).ok().filter(|details| details.code == status.code() as i32);
        let info = details.as_ref().and_then(RpcStatusExt::get_details_error_info);
        let info = info.filter(|info| info.domain == DOMAIN);
        let (reason, metadata) = info
            .map_or_else(Default::default, |info| (info.reason.trim_start_matches(PREFIX).to_owned(), info.metadata));
        Self(Box::new(Inner {
            text: status.message().to_owned(),
            code: status.code(),
            reason,
            metadata,
            retry_after: details.and_then(|details| details.get_details_retry_info()?.retry_delay),
            integrity: false,
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("text", &self.0.text)
            .field("code", &self.0.code)
            .field("reason", &self.0.reason)
            .field("metadata", &self.0.metadata)
            .field("retry_after", &self.0.retry_after)
            .finish()
    }
}

impl std::error::Error for Error {}
