//! A gateway that answers what a test says, right or wrong, and notes what it was asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use popgate::{Client, v1};
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic::body::Body;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// What the fake answers to a call.
pub struct Reply {
    headers: HeaderMap,
    messages: Vec<Bytes>,
    code: Option<Code>,
}

impl Reply {
    /// Messages, and OK.
    pub fn of<M: Message>(messages: impl IntoIterator<Item = M>) -> Self {
        let messages = messages.into_iter().map(|message| framed(&message)).collect();
        Self { headers: HeaderMap::new(), messages, code: Some(Code::Ok) }
    }

    /// No message but a status, which then is in the head of the response.
    pub fn status(code: Code) -> Self {
        Self { code: Some(code), ..Self::of::<v1::NoopResponse>([]) }
    }

    /// Messages, and then nothing any more.
    pub fn endless(self) -> Self {
        Self { code: None, ..self }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    fn into_response(self) -> Response<Body> {
        let mut status = HeaderMap::new();
        if let Some(code) = self.code {
            status.insert("grpc-status", HeaderValue::from(code as i32));
        }
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = self.headers;
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        if self.messages.is_empty() && self.code.is_some() {
            response.headers_mut().extend(status);
            return response;
        }
        let frames: Vec<Result<_, Infallible>> = self.messages.into_iter().map(Frame::data).map(Ok).collect();
        let frames = tokio_stream::iter(frames);
        *response.body_mut() = match self.code {
            None => Body::new(StreamBody::new(frames.chain(tokio_stream::pending()))),
            Some(_) => Body::new(StreamBody::new(frames.chain(tokio_stream::once(Ok(Frame::trailers(status)))))),
        };
        response
    }
}

/// A call that came, without its service's name.
pub struct Call {
    pub method: String,
    pub headers: HeaderMap,
}

pub struct Fake {
    pub target: String,
    calls: Arc<Mutex<Vec<Call>>>,
    resets: UnboundedReceiver<String>,
    task: JoinHandle<()>,
}

impl Fake {
    /// Answers as `script` says, which is told the method and how many calls came before.
    pub async fn start(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (sender, resets) = unbounded_channel();
        let (noted, script) = (calls.clone(), Arc::new(script));
        let service = tower::service_fn(move |request| {
            let reply = answer(request, &noted, &*script, sender.clone());
            async { Ok::<_, Infallible>(reply) }
        });
        let serving = Server::builder().serve_with_incoming(service, TcpIncoming::from(listener));
        let task = tokio::spawn(async { serving.await.unwrap() });
        Self { target, calls, resets, task }
    }

    pub fn client(&self) -> Client {
        popgate::connect(&self.target).unwrap()
    }

    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    pub fn methods(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.method).collect()
    }

    /// Waits until the caller has broken off what it was saying, and returns the method.
    pub async fn reset(&mut self) -> String {
        self.resets.recv().await.unwrap()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(
    request: Request<Body>,
    calls: &Mutex<Vec<Call>>,
    script: &dyn Fn(&str, usize) -> Reply,
    resets: UnboundedSender<String>,
) -> Response<Body> {
    let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
    let mut calls = calls.lock().unwrap();
    let reply = script(&method, calls.len());
    calls.push(Call { method: method.clone(), headers: request.headers().clone() });
    tokio::spawn(async move {
        if request.into_body().collect().await.is_err() {
            let _ = resets.send(method);
        }
    });
    reply.into_response()
}

fn framed(message: &impl Message) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.encoded_len() as u32);
    message.encode(&mut frame).unwrap();
    frame.freeze()
}

/// What OpenSession answers.
pub fn opened() -> Reply {
    let response = "+OK ready".to_owned();
    Reply::of([v1::OpenSessionResponse { session_id: "id".to_owned(), response, ..Default::default() }])
}
