//! Whole messages of a mailbox; those that are settled for it are deleted.

use std::fmt;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Streaming};

use crate::error::Error;
use crate::fetch::{Assembly, Delivery, Message};
use crate::transport::Transport;
use crate::v1::collect_messages_request::Request as Word;
use crate::v1::mailbox_service_client::MailboxServiceClient;
use crate::v1::{
    CollectMessagesRequest, CollectMessagesResponse, CollectOpen, Commit, CommitOutcome, Credentials, Disposition,
    Settle,
};

type OnCommit = Box<dyn FnMut(&Commit) + Send>;

/// What becomes of a message when the next one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// It is stored durably and may go.
    Delete,
    /// It was seen and stays on the server.
    Keep,
    /// Nothing: only [`Collect::settle`] settles it.
    ByHand,
}

/// The messages that [`Client::collect`](crate::Client::collect) asked for, deleted when they are settled for it.
///
/// Asking for the next message settles the one before. A message whose loop's body was left by `break`, `?` or `return` is not
/// settled, and stays on the server. [`Collect::settle`] overrides what the loop would do, as the first settlement of a message
/// stands. A message that is not settled for 10 minutes ends the call with UNSETTLED.
///
/// After the loop has ended by itself all is committed. Having left it early, [`Collect::finish`] commits what is settled;
/// dropping gives the call up: what no commit has told stays on the server and comes again. It is no `Stream`, because
/// combinators that read ahead would settle what nobody has stored.
pub struct Collect {
    // Before the requests, so that dropping both cancels the call and does not half-close it.
    stream: Option<Streaming<CollectMessagesResponse>>,
    requests: Option<UnboundedSender<CollectMessagesRequest>>,
    assembly: Assembly,
    settling: Settling,
    current: Option<u64>,
    outcome: CommitOutcome,
    on_commit: Option<OnCommit>,
}

impl Collect {
    pub(crate) async fn open(
        mut stub: MailboxServiceClient<Transport>,
        open: Request<CollectOpen>,
        settling: Settling,
    ) -> Result<Self, Error> {
        let (requests, receiver) = unbounded_channel();
        let open = open.map(|open| {
            let _ = requests.send(word(Word::Open(open)));
            UnboundedReceiverStream::new(receiver)
        });
        let stream = stub.collect_messages(open).await?.into_inner();
        Ok(Self {
            stream: Some(stream),
            requests: Some(requests),
            assembly: Assembly::default(),
            settling,
            current: None,
            outcome: CommitOutcome::Unspecified,
            on_commit: None,
        })
    }

    /// Has `tell` told what became of each message of a batch.
    pub fn on_commit(&mut self, tell: impl FnMut(&Commit) + Send + 'static) {
        self.on_commit = Some(Box::new(tell));
    }

    /// Settles the message before, and waits for the next; `None` at the end, and after an error.
    ///
    /// The settlement is sent when the future is first polled; beyond that it is cancel safe.
    pub async fn next(&mut self) -> Result<Option<Message>, Error> {
        if let Some(delivery_id) = self.current.take() {
            match self.settling {
                Settling::Delete => self.say_settled(delivery_id, Disposition::Delete),
                Settling::Keep => self.say_settled(delivery_id, Disposition::Keep),
                Settling::ByHand => {}
            }
        }
        let message = self.advance().await;
        match &message {
            Ok(message) => self.current = message.as_ref().map(|message| message.delivery_id),
            Err(_) => {
                self.give_up();
                self.assembly.reset();
            }
        }
        message
    }

    async fn advance(&mut self) -> Result<Option<Message>, Error> {
        loop {
            if let Some(message) = self.assembly.next_whole()? {
                return Ok(Some(message));
            }
            if !self.receive().await? {
                self.assembly.end()?;
                return Ok(None);
            }
        }
    }

    /// Takes the next response; false at the end.
    async fn receive(&mut self) -> Result<bool, Error> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let Some(response) = stream.message().await? else {
            self.give_up();
            return Ok(false);
        };
        if let Some(commit) = &response.commit {
            self.outcome = commit.outcome();
            self.on_commit.iter_mut().for_each(|tell| tell(commit));
        }
        self.assembly.take(response);
        Ok(true)
    }

    fn give_up(&mut self) {
        self.stream = None;
        self.requests = None;
    }

    /// Says that a message is stored durably and may go, or was seen and is to stay.
    pub fn settle(&mut self, message: &Message, disposition: Disposition) {
        self.say_settled(message.delivery_id, disposition);
    }

    /// Gives a fresh secret of the same user, such as an access token, for the next login inside the call.
    pub fn renew(&mut self, credentials: Credentials) {
        self.say(Word::Credentials(credentials));
    }

    /// Commits what is settled, leaves the rest on the server, and ends the call. It does nothing after the end.
    ///
    /// That something is unsettled is no error here.
    pub async fn finish(&mut self) -> Result<(), Error> {
        self.requests = None; // half-closes
        self.current = None;
        loop {
            self.assembly.reset(); // what was under way is passed over, whole or not
            match self.receive().await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => {
                    self.give_up();
                    return if error.reason() == "UNSETTLED" { Ok(()) } else { Err(error) };
                }
            }
        }
    }

    /// What QUIT of the last commit came to; `Unspecified` before the first.
    pub fn outcome(&self) -> CommitOutcome {
        self.outcome
    }

    /// What came beside messages, so far.
    pub fn delivery(&self) -> &Delivery {
        &self.assembly.delivery
    }

    fn say_settled(&self, delivery_id: u64, disposition: Disposition) {
        let settle = Settle { delivery_ids: vec![delivery_id], disposition: disposition.into(), ..Default::default() };
        self.say(Word::Settle(settle));
    }

    fn say(&self, request: Word) {
        if let Some(requests) = &self.requests {
            let _ = requests.send(word(request)); // fails where the call has ended, which the next response tells
        }
    }
}

impl fmt::Debug for Collect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect")
            .field("settling", &self.settling)
            .field("outcome", &self.outcome)
            .field("delivery", self.delivery())
            .finish_non_exhaustive()
    }
}

fn word(request: Word) -> CollectMessagesRequest {
    CollectMessagesRequest { request: Some(request) }
}
