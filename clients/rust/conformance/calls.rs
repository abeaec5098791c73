//! Calls through the generated stubs, by name.

use std::pin::Pin;
use std::time::Duration;

use popgate::v1::RetrResponse;
use popgate::{Client, Error};
use prost_reflect::prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::json::{Contract, decode, encode, hex};
use crate::{Answer, text, with_error};

type Responses = Pin<Box<dyn Stream<Item = Result<Vec<u8>, Status>> + Send>>;

/// Calls the method of the stub that a name means, with a request and responses as they are on the wire.
macro_rules! dispatch {
    ($name:expr, $client:expr, $request:expr; $($service:literal $stub:ident: [$($unary:literal $u:ident),*] [$($streaming:literal $s:ident),*];)*) => {
        match $name {
            $($(concat!($service, "/", $unary) => {
                let response = $client.$stub().$u(parsed($request)).await?;
                Ok(response.map(|message| Box::pin(tokio_stream::once(Ok(message.encode_to_vec()))) as Responses))
            })*
            $(concat!($service, "/", $streaming) => {
                let response = $client.$stub().$s(parsed($request)).await?;
                Ok(response.map(wire))
            })*)*
            name => panic!("there is no method {name}"),
        }
    };
}

async fn start(client: &Client, name: &str, request: Request<Vec<u8>>) -> Result<Response<Responses>, Status> {
    dispatch! { name, client, request;
        "Pop3Service" pop3: [
            "OpenSession" open_session, "GetWelcome" get_welcome, "SetDebugLevel" set_debug_level, "Capa" capa,
            "Stls" stls, "Utf8" utf8, "Lang" lang, "CloseSession" close_session, "User" user, "Pass" pass,
            "Apop" apop, "Rpop" rpop, "Auth" auth, "Stat" stat, "Dele" dele, "Rset" rset, "Noop" noop, "Quit" quit
        ] ["WatchDebug" watch_debug, "List" list, "Uidl" uidl, "Retr" retr, "Top" top];
        "MailboxService" mailbox: ["DeleteMessages" delete_messages, "DiagnoseServer" diagnose_server]
            ["ListMessages" list_messages, "FetchMessages" fetch_messages];
    }
}

fn parsed<M: Message + Default>(request: Request<Vec<u8>>) -> Request<M> {
    request.map(|wire| M::decode(wire.as_slice()).expect("what was just encoded"))
}

fn wire<M: Message + 'static>(stream: tonic::Streaming<M>) -> Responses {
    Box::pin(stream.map(|message| message.map(|message| message.encode_to_vec())))
}

fn request<T>(message: T, ask: &Value) -> Request<T> {
    let mut request = Request::new(message);
    for (key, value) in ask["metadata"].as_object().into_iter().flatten() {
        let key: tonic::metadata::AsciiMetadataKey = key.parse().expect("a metadata key");
        request.metadata_mut().insert(key, value.as_str().unwrap_or_default().parse().expect("metadata"));
    }
    if let Some(deadline) = ask["deadline_ms"].as_u64() {
        request.set_timeout(Duration::from_millis(deadline));
    }
    request
}

/// What came of a call so far.
#[derive(Default)]
struct Record {
    responses: Vec<Value>,
    octets: usize,
    hash: Sha256,
    header: Value,
}

pub(crate) async fn call(contract: &Contract, client: &Client, ask: &Value) -> Answer {
    let name = text(ask, "method");
    let method = contract.method(name);
    let wire = request(encode(method.input(), &ask["request"]), ask);
    let cancel_after = ask["cancel_after"].as_u64();
    let mut record = Record { header: json!({}), ..Default::default() };
    let run = async {
        let (metadata, mut responses, _) = start(client, name, wire).await?.into_parts();
        if let Some(header) = metadata.get("pop3-session") {
            record.header = json!({"pop3-session": header.to_str().unwrap_or_default()});
        }
        while let Some(response) = responses.next().await {
            let response = match method.name() {
                "Retr" | "Top" => record.without_data(&response?),
                _ => response?,
            };
            record.responses.push(decode(method.output(), &response));
            if cancel_after == Some(record.responses.len() as u64) {
                return Err(cancelled()); // dropping the responses cancels the call
            }
        }
        Ok(())
    };
    let outcome = match cancel_after {
        Some(0) => tokio::time::timeout(Duration::ZERO, run).await.unwrap_or_else(|_| Err(cancelled())),
        _ => run.await,
    };
    let (octets, sha256) = (record.octets, hex(record.hash));
    let answer = json!({"responses": record.responses, "octets": octets, "sha256": sha256, "header": record.header});
    Ok(with_error(answer, outcome.err().map(Error::from)))
}

impl Record {
    /// Counts the data of a piece, and takes it out. On the wire TopResponse is a RetrResponse.
    fn without_data(&mut self, wire: &[u8]) -> Vec<u8> {
        let mut piece = RetrResponse::decode(wire).expect("a piece of a message");
        self.octets += piece.data.len();
        self.hash.update(&piece.data);
        piece.data.clear();
        piece.encode_to_vec()
    }
}

/// What a caller is told of a call that it has cancelled: dropping it leaves nobody to tell.
fn cancelled() -> Status {
    Status::cancelled("cancelled by the caller")
}

/// A call that streams both ways. A task has it, since its beginning waits for the first response.
pub(crate) struct Both {
    name: String,
    requests: Option<UnboundedSender<Vec<u8>>>,
    responses: UnboundedReceiver<Result<Vec<u8>, Status>>,
    task: JoinHandle<()>,
    cancelled: bool,
}

impl Both {
    pub(crate) fn open(client: Client, ask: &Value) -> Self {
        let name = text(ask, "method").to_owned();
        let (requests, receiver) = unbounded_channel();
        let (sender, responses) = unbounded_channel();
        let opening = request(UnboundedReceiverStream::new(receiver), ask);
        let task = tokio::spawn(exchange(client, name.clone(), opening, sender));
        Self { name, requests: Some(requests), responses, task, cancelled: false }
    }

    pub(crate) async fn run(&mut self, contract: &Contract, op: &str, ask: &Value) -> Answer {
        let method = contract.method(&self.name);
        match op {
            "send" => {
                if let Some(requests) = &self.requests {
                    let _ = requests.send(encode(method.input(), &ask["request"]));
                }
            }
            "half_close" => self.requests = None,
            "cancel" => {
                self.cancelled = true;
                self.task.abort();
            }
            _ if self.cancelled => return Err(cancelled().into()),
            _ => match self.responses.recv().await.transpose()? {
                Some(response) => return Ok(json!({"response": decode(method.output(), &response)})),
                None => return Ok(json!({"end": true})),
            },
        }
        Ok(json!({}))
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn exchange(
    client: Client,
    name: String,
    opening: Request<UnboundedReceiverStream<Vec<u8>>>,
    sender: UnboundedSender<Result<Vec<u8>, Status>>,
) {
    let begun = match name.as_str() {
        "MailboxService/CollectMessages" => {
            client.mailbox().collect_messages(opening.map(messages)).await.map(|response| wire(response.into_inner()))
        }
        "Pop3Service/AuthExchange" => {
            client.pop3().auth_exchange(opening.map(messages)).await.map(|response| wire(response.into_inner()))
        }
        name => panic!("there is no method {name} that streams both ways"),
    };
    match begun {
        Err(status) => drop(sender.send(Err(status))),
        Ok(mut responses) => {
            while let Some(response) = responses.next().await {
                let _ = sender.send(response);
            }
        }
    }
}

fn messages<M: Message + Default>(wire: UnboundedReceiverStream<Vec<u8>>) -> impl Stream<Item = M> {
    wire.map(|wire| M::decode(wire.as_slice()).expect("what was just encoded"))
}
