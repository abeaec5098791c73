//! Tests of the package, against real gateways and against one that lies.

mod fake;
mod integrity;
mod mailbox;
mod session;
mod silent;
mod support;
mod tls;
mod transport;
