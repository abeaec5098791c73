//! A session: one connection to a POP3 server, a method a command.

use std::fmt;
use std::time::Duration;

use tokio_stream::StreamExt;
use tonic::metadata::MetadataValue;
use tonic::{Request, Streaming};

use crate::error::Error;
use crate::message::MessageReader;
use crate::transport::Transport;
use crate::v1::pop3_service_client::Pop3ServiceClient;
use crate::v1::*;

const HEADER: &str = "pop3-session";
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10); // it waits for nothing that the server says

/// Sends one call that is not a stream, and takes its message out.
macro_rules! call {
    ($self:ident.$method:ident($request:ident { $($field:ident $(: $value:expr)?),* })) => {{
        let request = $request { session_id: $self.opened.session_id.clone(), $($field $(: $value)?),* };
        let mut request = $self.request(request);
        if let Some(timeout) = $self.timeout {
            request.set_timeout(timeout);
        }
        $self.stub.$method(request).await?.into_inner()
    }};
}

/// A connection to a POP3 server. [`Client::session`](crate::Client::session) opens it.
///
/// Each command is a method; what it sends, and which reasons it can fail for, is at the RPC of the same name in
/// `popgate/v1/pop3_service.proto`. Only [`Session::quit`] sends QUIT: whatever else ends a session removes nothing.
///
/// [`Session::close`] ends it. Dropping it does the same in the background, if a Tokio runtime is there and lives long enough;
/// else the session ends by its idle time-out. So the last one of a program is better closed. Either waits for a gateway that is
/// silent 10 s at most.
pub struct Session {
    stub: Pop3ServiceClient<Transport>,
    timeout: Option<Duration>,
    opened: OpenSessionResponse,
    header: MetadataValue<tonic::metadata::Ascii>,
    closed: bool,
}

impl Session {
    pub(crate) async fn open(
        mut stub: Pop3ServiceClient<Transport>,
        server: Server,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        let mut request = Request::new(OpenSessionRequest { server: Some(server) });
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        let answer = stub.open_session(request).await?;
        // A proxy may have put its own value into the header, and routes by what comes back.
        let header = answer.metadata().get(HEADER).cloned();
        let opened = answer.into_inner();
        let header = match header {
            Some(header) => header,
            None => MetadataValue::try_from(&opened.session_id)
                .map_err(|_| tonic::Status::internal("the session's id fits no header"))?,
        };
        Ok(Self { stub, timeout, opened, header, closed: false })
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert(HEADER, self.header.clone());
        request
    }

    /// The session's name, a secret.
    pub fn id(&self) -> &str {
        &self.opened.session_id
    }

    /// The gateway's answer: the greeting (`response`), `tls`, `replica`, `idle_timeout`, `max_age`.
    pub fn opened(&self) -> &OpenSessionResponse {
        &self.opened
    }

    /// Ends the session without QUIT: nothing is removed. It does not fail: what cannot be told within 10 s, or what
    /// [`Builder::timeout`](crate::Builder::timeout) says if that is less, ends by its idle time-out.
    pub async fn close(mut self) {
        self.timeout = Some(self.timeout.map_or(CLOSE_TIMEOUT, |timeout| timeout.min(CLOSE_TIMEOUT)));
        let _ = self.close_session().await;
        self.closed = true; // only now: to who gives the future up it is a session that is dropped
    }

    async fn close_session(&mut self) -> Result<(), Error> {
        call!(self.close_session(CloseSessionRequest {}));
        Ok(())
    }

    /// Returns the greeting.
    pub async fn get_welcome(&mut self) -> Result<String, Error> {
        Ok(call!(self.get_welcome(GetWelcomeRequest {})).response)
    }

    /// CAPA: what the server can do.
    pub async fn capa(&mut self) -> Result<CapaResponse, Error> {
        Ok(call!(self.capa(CapaRequest {})))
    }

    /// STLS: begins TLS, verified as `tls` says, by default by the host's name and the gateway's roots.
    pub async fn stls(&mut self, tls: Option<TlsOptions>) -> Result<StlsResponse, Error> {
        Ok(call!(self.stls(StlsRequest { tls })))
    }

    /// UTF8; returns the status line.
    pub async fn utf8(&mut self) -> Result<String, Error> {
        Ok(call!(self.utf8(Utf8Request {})).response)
    }

    /// LANG: chooses the language of the server's texts, or lists them.
    pub async fn lang(&mut self, tag: Option<&str>) -> Result<LangResponse, Error> {
        Ok(call!(self.lang(LangRequest { tag: tag.map(str::to_owned) })))
    }

    /// USER and PASS; returns the status line of PASS. [`Session::auth`] is safer where the server has SASL.
    pub async fn login(&mut self, username: &str, password: &str) -> Result<String, Error> {
        self.user(username).await?;
        self.pass(password).await
    }

    /// AUTH: logs in by SASL, by default with the strongest mechanism that both sides have.
    pub async fn auth(&mut self, credentials: Credentials) -> Result<AuthResponse, Error> {
        Ok(call!(self.auth(AuthRequest { credentials: Some(credentials) })))
    }

    /// USER; returns the status line.
    pub async fn user(&mut self, username: &str) -> Result<String, Error> {
        Ok(call!(self.user(UserRequest { username: username.to_owned() })).response)
    }

    /// PASS; returns the status line.
    pub async fn pass(&mut self, password: &str) -> Result<String, Error> {
        Ok(call!(self.pass(PassRequest { password: password.to_owned() })).response)
    }

    /// APOP; returns the status line. The secret does not go over the wire.
    pub async fn apop(&mut self, username: &str, secret: &str) -> Result<String, Error> {
        let (username, secret) = (username.to_owned(), secret.to_owned());
        Ok(call!(self.apop(ApopRequest { username, secret })).response)
    }

    /// RPOP; returns the status line.
    pub async fn rpop(&mut self, username: &str) -> Result<String, Error> {
        Ok(call!(self.rpop(RpopRequest { username: username.to_owned() })).response)
    }

    /// STAT: `message_count` and `octets` of the maildrop.
    pub async fn stat(&mut self) -> Result<StatResponse, Error> {
        Ok(call!(self.stat(StatRequest {})))
    }

    /// LIST: the octets of each message, or of one. The stub has them in batches.
    pub async fn list(&mut self, number: Option<u32>) -> Result<Vec<ListEntry>, Error> {
        let request = ListRequest { session_id: self.opened.session_id.clone(), message_number: number };
        let batches = self.stub.list(self.request(request)).await?.into_inner();
        gather(batches, |batch| batch.entries, number).await
    }

    /// UIDL: the unique-id of each message, or of one. The stub has them in batches.
    pub async fn uidl(&mut self, number: Option<u32>) -> Result<Vec<UidlEntry>, Error> {
        let request = UidlRequest { session_id: self.opened.session_id.clone(), message_number: number };
        let batches = self.stub.uidl(self.request(request)).await?.into_inner();
        gather(batches, |batch| batch.entries, number).await
    }

    /// RETR: a message of any size.
    pub async fn retr(&mut self, number: u32) -> Result<MessageReader<'_>, Error> {
        self.start_retr(number, None).await
    }

    /// RETR, but a message that LIST says is larger than `max_octets` is MESSAGE_TOO_LARGE.
    pub async fn retr_at_most(&mut self, number: u32, max_octets: i64) -> Result<MessageReader<'_>, Error> {
        self.start_retr(number, Some(max_octets)).await
    }

    async fn start_retr(&mut self, number: u32, max_octets: Option<i64>) -> Result<MessageReader<'_>, Error> {
        let session_id = self.opened.session_id.clone();
        let request = RetrRequest { session_id, message_number: number, max_octets, want_sha256: false };
        let pieces = self.stub.retr(self.request(request)).await?.into_inner();
        MessageReader::new(Box::pin(pieces)).await
    }

    /// TOP: the header and so many lines of the body. Never take it for the whole message.
    pub async fn top(&mut self, number: u32, lines: u32) -> Result<MessageReader<'_>, Error> {
        let session_id = self.opened.session_id.clone();
        let request = TopRequest { session_id, message_number: number, lines, want_sha256: false };
        let pieces = self.stub.top(self.request(request)).await?.into_inner();
        MessageReader::new(Box::pin(pieces.map(|piece| piece.map(RetrResponse::from)))).await
    }

    /// DELE: marks a message; returns the status line. [`Session::quit`] removes it.
    pub async fn dele(&mut self, number: u32) -> Result<String, Error> {
        Ok(call!(self.dele(DeleRequest { message_number: number, if_unique_id: None })).response)
    }

    /// DELE, if the message has this unique-id, else UNIQUE_ID_MISMATCH.
    pub async fn dele_if(&mut self, number: u32, unique_id: &str) -> Result<String, Error> {
        let if_unique_id = Some(unique_id.to_owned());
        Ok(call!(self.dele(DeleRequest { message_number: number, if_unique_id })).response)
    }

    /// RSET: takes all marks back; returns the status line.
    pub async fn rset(&mut self) -> Result<String, Error> {
        Ok(call!(self.rset(RsetRequest {})).response)
    }

    /// NOOP; returns the status line.
    pub async fn noop(&mut self) -> Result<String, Error> {
        Ok(call!(self.noop(NoopRequest {})).response)
    }

    /// QUIT: has the marked messages removed; `outcome()` says whether any were.
    ///
    /// Repeating it sends nothing and gets the same answer, so after a lost reply call it again.
    pub async fn quit(&mut self) -> Result<QuitResponse, Error> {
        Ok(call!(self.quit(QuitRequest {})))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.closed {
            return;
        }
        let successor = Self {
            stub: self.stub.clone(),
            timeout: self.timeout,
            opened: self.opened.clone(),
            header: self.header.clone(),
            closed: true,
        };
        runtime.spawn(successor.close());
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("greeting", &self.opened.response).finish_non_exhaustive()
    }
}

impl From<TopResponse> for RetrResponse {
    fn from(top: TopResponse) -> Self {
        let TopResponse { response, data, octets, crc32, sha256 } = top;
        Self { response, data, octets, crc32, sha256, size_agrees: None }
    }
}

/// Puts the entries of all batches into one list. That of one message has an entry, or there is an error.
async fn gather<B, T>(
    mut batches: Streaming<B>,
    entries: impl Fn(B) -> Vec<T>,
    number: Option<u32>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    while let Some(batch) = batches.message().await? {
        all.append(&mut entries(batch));
    }
    if number.is_some() && all.is_empty() {
        return Err(Error::integrity("the listing has no entry"));
    }
    Ok(all)
}
