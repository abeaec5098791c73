//! Short ways to make the contract's messages.

use crate::v1::credentials::Secret;
use crate::v1::{CollectOpen, Credentials, FetchMessagesRequest, Server, TlsMode, TlsOptions};

impl Server {
    /// A server without TLS, such as the demo's mailbox. The gateway refuses logins there unless its operator allows them.
    pub fn plaintext(host: impl Into<String>, port: u16) -> Self {
        let tls = TlsOptions { mode: TlsMode::Plaintext.into(), ..Default::default() };
        Self { host: host.into(), port: Some(port.into()), tls: Some(tls), ..Default::default() }
    }
}

/// A host's name alone is verified TLS on port 995.
impl From<&str> for Server {
    fn from(host: &str) -> Self {
        Self { host: host.to_owned(), ..Default::default() }
    }
}

impl Credentials {
    /// A user with a password, for the strongest SASL mechanism that both sides have.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::new(username.into(), Secret::Password(password.into()))
    }

    /// A user with an OAuth 2.0 bearer token (RFC 6750).
    pub fn access_token(username: impl Into<String>, token: impl Into<String>) -> Self {
        Self::new(username.into(), Secret::AccessToken(token.into()))
    }

    fn new(username: String, secret: Secret) -> Self {
        Self { username, secret: Some(secret), ..Default::default() }
    }
}

impl FetchMessagesRequest {
    /// Asks for all messages; the fields say more, such as `selection` which are new.
    pub fn new(server: impl Into<Server>, credentials: Credentials) -> Self {
        Self { server: Some(server.into()), credentials: Some(credentials), ..Default::default() }
    }
}

impl From<FetchMessagesRequest> for CollectOpen {
    fn from(fetch: FetchMessagesRequest) -> Self {
        Self { fetch: Some(fetch), ..Default::default() }
    }
}
