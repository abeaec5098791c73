//! A channel to a gateway, and what can be asked of it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::header::HeaderValue;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{IntoRequest, Status};

use crate::collect::{Collect, Settling};
use crate::error::Error;
use crate::fetch::Fetch;
use crate::session::Session;
use crate::transport::{LONGEST_TIMEOUT, Transport};
use crate::v1::mailbox_service_client::MailboxServiceClient;
use crate::v1::pop3_service_client::Pop3ServiceClient;
use crate::v1::{CollectOpen, FetchMessagesRequest, Server};

const TIMEOUT: Duration = Duration::from_secs(330); // the gateway waits for QUIT's reply for 300
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Opens a channel to the gateway at `target`, such as `popgate.internal.example:9110`. It connects at the first call.
///
/// It is TLS, verified by the system's roots; only a loopback address or a Unix socket (`unix:/run/popgate.sock`) is spoken to
/// in plaintext. [`Client::builder`] says more. Errors: INVALID_ARGUMENT for a target that is none.
///
/// # Panics
///
/// Outside a Tokio runtime.
pub fn connect(target: impl Into<String>) -> Result<Client, Error> {
    Client::builder(target).connect()
}

/// What a channel to a gateway needs beyond its address. [`Client::builder`] makes one.
pub struct Builder {
    target: String,
    tls: Option<ClientTlsConfig>,
    own_ca: bool,
    token: Option<String>,
    insecure: bool,
    timeout: Option<Duration>,
}

impl Builder {
    /// Trusts these PEM certificates in place of the system's roots.
    pub fn ca_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.own_ca = true;
        self.tls(|tls| tls.ca_certificate(Certificate::from_pem(pem)))
    }

    /// Presents a certificate of one's own: PEM of its chain and of its private key.
    pub fn client_certificate(self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.tls(|tls| tls.identity(Identity::from_pem(chain, key)))
    }

    /// The name that the gateway's certificate has to hold, in place of the target's.
    pub fn server_name(self, name: impl Into<String>) -> Self {
        self.tls(|tls| tls.domain_name(name))
    }

    /// Sends `authorization: Bearer …` with every call.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Speaks plaintext to a gateway that is not on this machine: anyone on the way reads passwords and mail.
    pub fn insecure_plaintext(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// How long a call of a [`Session`] may take that is not a stream, in place of 330 s; `None` is no limit of one's own.
    /// [`Session::close`] takes 10 s at most, whatever is said here.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout.map(|timeout| timeout.min(LONGEST_TIMEOUT));
        self
    }

    /// Makes the client, as [`connect`] does.
    pub fn connect(self) -> Result<Client, Error> {
        let invalid = |error: &dyn std::error::Error| Status::invalid_argument(error.to_string());
        let unix = self.target.starts_with("unix:");
        if !unix && self.target.contains(['@', '/', '?', '#']) {
            // Part of it would be taken for a host's name that is not one.
            return Err(Status::invalid_argument("the target is not host:port").into());
        }
        let local = is_local(&self.target);
        let tls = self.tls.or((!local && !self.insecure).then(ClientTlsConfig::new));
        let uri = match (&tls, unix) {
            (_, true) => self.target,
            (Some(_), false) => format!("https://{}", self.target),
            (None, false) => format!("http://{}", self.target),
        };
        let mut endpoint = Endpoint::from_shared(uri).map_err(|error| invalid(&error))?;
        if let Some(tls) = tls {
            let tls = if self.own_ca { tls } else { tls.with_native_roots() };
            endpoint = endpoint.tls_config(tls).map_err(|error| invalid(&error))?;
        }
        let authorization = self.token.map(|token| HeaderValue::try_from(format!("Bearer {token}")));
        let mut authorization = authorization.transpose().map_err(|error| invalid(&error))?;
        authorization.iter_mut().for_each(|value| value.set_sensitive(true));
        let channel = endpoint.connect_timeout(CONNECT_TIMEOUT).connect_lazy();
        Ok(Client { transport: Transport::new(channel, authorization), timeout: self.timeout })
    }

    fn tls(mut self, change: impl FnOnce(ClientTlsConfig) -> ClientTlsConfig) -> Self {
        self.tls = Some(change(self.tls.take().unwrap_or_default()));
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("target", &self.target).finish_non_exhaustive()
    }
}

/// A gateway. Clones share the channel, which ends with the last of them and of their calls.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    timeout: Option<Duration>,
}

impl Client {
    /// Begins to say how to reach the gateway at `target`; [`connect`] is this without anything said.
    pub fn builder(target: impl Into<String>) -> Builder {
        Builder {
            target: target.into(),
            tls: None,
            own_ca: false,
            token: None,
            insecure: false,
            timeout: Some(TIMEOUT),
        }
    }

    /// The generated stub of Pop3Service, for what the methods here do not offer.
    pub fn pop3(&self) -> Pop3ServiceClient<Transport> {
        Pop3ServiceClient::new(self.transport.clone())
    }

    /// The generated stub of MailboxService.
    pub fn mailbox(&self) -> MailboxServiceClient<Transport> {
        MailboxServiceClient::new(self.transport.clone())
    }

    /// Connects to a POP3 server. A host's name alone is verified TLS on port 995; [`Server`] says more.
    ///
    /// Errors: TARGET_NOT_ALLOWED, CONNECT_FAILED, GREETING_REFUSED, TLS_VERIFICATION_FAILED and others of OpenSession.
    pub async fn session(&self, server: impl Into<Server>) -> Result<Session, Error> {
        Session::open(self.pop3(), server.into(), self.timeout).await
    }

    /// Asks for the messages that are new, and deletes none.
    ///
    /// New is what the request's `selection` says: by default all, with the cursor that an earlier [`Fetch`] left what that
    /// does not know. Store the cursor with the messages. A message is as large as memory allows: `max_octets` skips larger
    /// ones; [`Session::retr`] streams them. A `tonic::Request` around it can set a deadline for the whole call.
    ///
    /// What fails before the first message, such as the login, may be this call's error or that of the first [`Fetch::next`].
    pub async fn fetch(&self, request: impl IntoRequest<FetchMessagesRequest>) -> Result<Fetch, Error> {
        let answer = self.mailbox().fetch_messages(request).await?;
        Ok(Fetch::new(answer.into_inner()))
    }

    /// Asks for the messages that are new, and has those deleted that are settled for it.
    ///
    /// [`Collect`] says when that is. A [`FetchMessagesRequest`] turns into a [`CollectOpen`] by `into()`. A `tonic::Request`
    /// around it can set a deadline for the whole call. What fails before the first message is an error as with [`Client::fetch`].
    pub async fn collect(&self, open: impl IntoRequest<CollectOpen>, settling: Settling) -> Result<Collect, Error> {
        Collect::open(self.mailbox(), open.into_request(), settling).await
    }
}

/// Whether a target is this machine, so that nobody can read along.
fn is_local(target: &str) -> bool {
    if target.starts_with("unix:") {
        return true;
    }
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_this_machine_is_local() {
        for target in ["127.0.0.1:9110", "127.9.9.9:1", "[::1]:9110", "localhost:9110", "unix:/run/popgate.sock"] {
            assert!(is_local(target), "{target}");
        }
        for target in
            ["gateway.example:9110", "10.0.0.1:9110", "127.0.0.1.example:9110", "localhost.example:1", "[::]:1"]
        {
            assert!(!is_local(target), "{target}");
        }
    }
}
