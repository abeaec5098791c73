#![doc = include_str!("../README.md")]

mod client;
mod collect;
mod error;
mod fetch;
mod message;
mod request;
mod session;
mod transport;

pub use client::{Builder, Client, connect};
pub use collect::{Collect, Settling};
pub use error::Error;
pub use fetch::{Delivery, Fetch, Message};
pub use message::MessageReader;
pub use session::Session;
pub use transport::Transport;
pub use v1::{CollectOpen, Credentials, Disposition, FetchMessagesRequest, Server};

/// The contract's messages and stubs, as generated from `popgate/v1/*.proto`.
pub mod v1 {
    #![allow(missing_docs, clippy::all, rustdoc::all)]
    include!("gen/popgate/v1/popgate.v1.rs");
}
