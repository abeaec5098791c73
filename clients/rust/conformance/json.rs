//! Messages of the contract from and to proto3 JSON.

use popgate::Server;
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tonic::Code;

/// The contract's descriptors.
pub(crate) struct Contract(DescriptorPool);

impl Contract {
    pub(crate) fn read(image: &str) -> Self {
        let bytes = std::fs::read(image).expect("the descriptor set");
        Self(DescriptorPool::decode(bytes.as_slice()).expect("a descriptor set"))
    }

    /// The method that a request names as `Pop3Service/Retr`.
    pub(crate) fn method(&self, name: &str) -> MethodDescriptor {
        let (service, method) = name.split_once('/').expect("Service/Method");
        let service = self.0.get_service_by_name(&format!("popgate.v1.{service}")).expect("a service");
        service.methods().find(|candidate| candidate.name() == method).expect("a method")
    }

    pub(crate) fn server(&self, value: &Value) -> Server {
        self.message("Server", value)
    }

    /// A message of the generated code, of the type that is named.
    pub(crate) fn message<M: Message + Default>(&self, name: &str, value: &Value) -> M {
        let descriptor = self.0.get_message_by_name(&format!("popgate.v1.{name}")).expect("a message");
        M::decode(encode(descriptor, value).as_slice()).expect("what was just encoded")
    }
}

/// Encodes JSON for the wire; what is absent is an empty message.
pub(crate) fn encode(descriptor: MessageDescriptor, value: &Value) -> Vec<u8> {
    if value.is_null() {
        return Vec::new();
    }
    DynamicMessage::deserialize(descriptor, value).expect("a message in proto3 JSON").encode_to_vec()
}

/// Decodes from the wire into JSON.
pub(crate) fn decode(descriptor: MessageDescriptor, wire: &[u8]) -> Value {
    let message = DynamicMessage::decode(descriptor, wire).expect("a message of the contract");
    serde_json::to_value(&message).expect("proto3 JSON")
}

pub(crate) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The status code's name in gRPC's documentation.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
