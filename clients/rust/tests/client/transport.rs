//! What the transport adds to Tonic's: token, deadlines, cancelling, attempts.

use std::time::Duration;

use popgate::v1::*;
use popgate::{Client, CollectOpen, Credentials, Error, FetchMessagesRequest, Settling};
use tokio::io::AsyncReadExt;
use tokio::net::UnixListener;
use tonic::{Code, Request};

use crate::fake::{Fake, Reply, opened};
use crate::support::Gateway;

fn request() -> FetchMessagesRequest {
    FetchMessagesRequest::new("pop.example.com", Credentials::default())
}

fn unavailable() -> Reply {
    Reply::status(Code::Unavailable).header("grpc-retry-pushback-ms", "1")
}

#[tokio::test]
async fn every_call_has_the_token() {
    let fake = Fake::start(|method, _| if method == "OpenSession" { opened() } else { Reply::status(Code::Ok) }).await;
    let client = Client::builder(&fake.target).token("a token").connect().unwrap();
    assert!(!format!("{client:?}").contains("a token"));
    client.session("pop.example.com").await.unwrap().close().await;
    assert_eq!(client.fetch(request()).await.unwrap().next().await.unwrap(), None);
    let calls = fake.calls();
    assert_eq!(calls.len(), 3);
    for call in calls {
        assert_eq!(call.headers["authorization"], "Bearer a token", "{}", call.method);
    }
    fake.client().fetch(request()).await.unwrap();
    assert!(!fake.calls()[0].headers.contains_key("authorization"));
    let error = Client::builder(&fake.target).token("a\ntoken").connect().unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_deadline_ends_a_unary_call() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        _ => Reply::of([] as [NoopResponse; 0]).endless(),
    });
    let fake = fake.await;
    let client = Client::builder(&fake.target).timeout(Some(Duration::from_millis(500))).connect().unwrap();
    let mut session = loop {
        match client.session("pop.example.com").await {
            Err(error) if error.code() == Code::DeadlineExceeded => {} // it is for this call too
            session => break session.unwrap(),
        }
    };
    let error = session.noop().await.unwrap_err();
    assert_eq!((error.reason(), error.code()), ("", Code::DeadlineExceeded));
}

#[tokio::test]
async fn calls_have_a_default_deadline_and_streams_none() {
    let fake = Fake::start(|method, _| if method == "OpenSession" { opened() } else { Reply::status(Code::Ok) }).await;
    let mut session = fake.client().session("pop.example.com").await.unwrap();
    session.list(None).await.unwrap();
    session.close().await;
    let timeouts: Vec<_> = fake.calls().iter().map(|call| call.headers.get("grpc-timeout").cloned()).collect();
    assert_eq!(timeouts.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(timeouts[0].as_ref().unwrap(), "330000m");
}

#[tokio::test]
async fn a_deadline_ends_a_stream() {
    let progress = FetchMessagesResponse { progress: Some(Progress::default()), ..Default::default() };
    let fake = Fake::start(move |_, _| Reply::of([progress.clone()]).endless()).await;
    let client = fake.client();
    // Until one has begun before its deadline.
    loop {
        let mut request = Request::new(request());
        request.set_timeout(Duration::from_millis(500));
        let error = match client.fetch(request).await {
            Ok(mut fetch) => {
                let error = fetch.next().await.unwrap_err();
                if fetch.delivery().progress.is_some() {
                    assert_eq!(error.code(), Code::DeadlineExceeded);
                    return;
                }
                error
            }
            Err(error) => error,
        };
        assert_eq!(error.code(), Code::DeadlineExceeded);
    }
}

#[tokio::test]
async fn dropping_cancels_and_does_not_half_close() {
    let progress = CollectMessagesResponse { progress: Some(Progress::default()), ..Default::default() };
    let mut fake = Fake::start(move |_, _| Reply::of([progress.clone()]).endless()).await;
    let client = fake.client(); // with the last client the connection would end, which would cancel as well
    drop(client.collect(CollectOpen::from(request()), Settling::Delete).await.unwrap());
    assert_eq!(fake.reset().await, "CollectMessages");
    // Also where the caller would say more.
    drop(client.mailbox().collect_messages(tokio_stream::pending()).await.unwrap());
    let reset = tokio::time::timeout(Duration::from_secs(60), fake.reset()).await;
    assert_eq!(reset.unwrap(), "CollectMessages");
}

#[tokio::test]
async fn what_changes_nothing_twice_is_repeated() {
    let fake = Fake::start(|method, before| match (method, before) {
        ("OpenSession", _) => opened(),
        (_, 1) => Reply::status(Code::Unavailable), // without a pushback
        (_, 2..4) => unavailable(),
        _ => Reply::of([NoopResponse::default()]),
    });
    let fake = fake.await;
    let mut session = fake.client().session("pop.example.com").await.unwrap();
    session.noop().await.unwrap();
    assert_eq!(fake.methods(), ["OpenSession", "Noop", "Noop", "Noop", "Noop"]);
}

#[tokio::test]
async fn five_attempts_are_enough() {
    let fake = Fake::start(|_, _| unavailable()).await;
    assert_eq!(fake.client().fetch(request()).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(fake.methods(), ["FetchMessages"; 5]);
}

#[tokio::test]
async fn what_is_not_repeated() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        "Dele" => unavailable(),
        "Stat" => Reply::status(Code::Internal),
        "Capa" => Reply::status(Code::Unavailable).header("grpc-retry-pushback-ms", "-1"),
        _ => Reply::of([DeleResponse::default()]),
    });
    let fake = fake.await;
    let mut session = fake.client().session("pop.example.com").await.unwrap();
    session.dele(1).await.unwrap_err(); // not idempotent
    session.stat().await.unwrap_err(); // another status
    session.capa().await.unwrap_err(); // the gateway forbids it
    assert_eq!(fake.methods(), ["OpenSession", "Dele", "Stat", "Capa"]);
}

#[tokio::test]
async fn no_attempt_goes_beyond_the_deadline() {
    let fake = Fake::start(|_, _| Reply::status(Code::Unavailable).header("grpc-retry-pushback-ms", "60000")).await;
    let mut request = Request::new(request());
    request.set_timeout(Duration::from_secs(30));
    assert_eq!(fake.client().fetch(request).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(fake.methods().len(), 1);
}

#[tokio::test]
async fn nobody_listens() {
    let client = popgate::connect("127.0.0.1:1").unwrap();
    let error = client.session("pop.example.com").await.unwrap_err();
    assert_eq!((error.reason(), error.code()), ("", Code::Unavailable));
    for target in ["not a target", "127.0.0.1:9110@elsewhere.example", "127.0.0.1:9110/path", "127.0.0.1:9110?x"] {
        assert_eq!(popgate::connect(target).unwrap_err().code(), Code::InvalidArgument, "{target}");
    }
}

#[tokio::test]
async fn a_unix_socket_is_spoken_to_in_plaintext() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("unix");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let client = popgate::connect(format!("unix:{}", path.display())).unwrap();
    let call = tokio::spawn(async move { client.session("pop.example.com").await.map(drop) });
    let mut preface = [0; 14];
    listener.accept().await.unwrap().0.read_exact(&mut preface).await.unwrap();
    assert_eq!(&preface, b"PRI * HTTP/2.0");
    call.abort();
}

#[tokio::test]
async fn the_gateway_dies() {
    let gateway = Gateway::demo();
    let client = gateway.client();
    let mut session = client.session(gateway.server()).await.unwrap();
    let watch = WatchDebugRequest { session_id: session.id().to_owned() };
    let mut watch = client.pop3().watch_debug(watch).await.unwrap().into_inner();
    watch.message().await.unwrap();
    drop(gateway);
    let broken = Error::from(watch.message().await.unwrap_err());
    assert_eq!((broken.reason(), broken.code()), ("", Code::Unavailable));
    let refused = session.dele(1).await.unwrap_err();
    assert_eq!((refused.reason(), refused.code()), ("", Code::Unavailable));
}
