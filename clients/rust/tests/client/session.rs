use std::time::Duration;

use popgate::v1::{CommitOutcome, NoopResponse};
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tonic::Code;

use crate::fake::{Fake, Reply, opened};
use crate::support::{Gateway, alice};

#[tokio::test]
async fn closing_removes_nothing() {
    let gateway = Gateway::demo();
    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    assert!(session.get_welcome().await.unwrap().starts_with("+OK"));
    session.login("alice", "secret").await.unwrap();
    session.dele(1).await.unwrap();
    session.close().await;
    assert_eq!(gateway.fetched().await.len(), 5);
}

#[tokio::test]
async fn a_closed_session_is_gone() {
    let gateway = Gateway::demo();
    let client = gateway.client();
    let session = client.session(gateway.server()).await.unwrap();
    let request = popgate::v1::NoopRequest { session_id: session.id().to_owned() };
    session.close().await;
    let error = popgate::Error::from(client.pop3().noop(request).await.unwrap_err());
    assert_eq!((error.reason(), error.cause(), error.outcome()), ("SESSION_ENDED", "CLOSED", "NOT_COMMITTED"));
}

#[tokio::test]
async fn dropping_closes_in_the_background() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        _ => Reply::of([popgate::v1::CloseSessionResponse {}]),
    });
    let fake = fake.await;
    drop(fake.client().session("pop.example.com").await.unwrap());
    let closed = async {
        let mut methods = fake.methods();
        while methods.last().is_none_or(|method| method != "CloseSession") {
            tokio::time::sleep(Duration::from_millis(5)).await;
            methods.extend(fake.methods());
        }
        methods
    };
    assert_eq!(closed.await, ["OpenSession", "CloseSession"]);
}

#[tokio::test]
async fn dropping_inside_close_closes_as_well() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        _ => Reply::of([] as [NoopResponse; 0]).endless(), // not answered
    });
    let fake = fake.await;
    let client = fake.client();
    let close = tokio::spawn(client.session("pop.example.com").await.unwrap().close());
    let closed = async || {
        while !fake.methods().contains(&"CloseSession".to_owned()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    closed().await;
    close.abort();
    tokio::time::timeout(Duration::from_secs(60), closed()).await.expect("it is not closed");
}

#[tokio::test]
async fn a_proxys_header_is_echoed() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened().header("pop3-session", "route"),
        "Retr" => Reply::of([popgate::v1::RetrResponse { octets: Some(0), crc32: Some(0), ..Default::default() }]),
        _ => Reply::of([NoopResponse::default()]),
    });
    let fake = fake.await;
    let mut session = fake.client().session("pop.example.com").await.unwrap();
    session.noop().await.unwrap();
    session.uidl(None).await.unwrap();
    session.retr(1).await.unwrap();
    session.close().await;
    let calls = fake.calls();
    let echoed: Vec<_> = calls
        .iter()
        .map(|call| (call.method.as_str(), call.headers.get("pop3-session").map(|value| value.to_str().unwrap())))
        .collect();
    let route = Some("route");
    let rest = ["Noop", "Uidl", "Retr", "CloseSession"].map(|method| (method, route));
    assert_eq!(echoed, [vec![("OpenSession", None)], rest.to_vec()].concat());
}

#[tokio::test]
async fn quit_commits() {
    let gateway = Gateway::demo();
    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    session.apop("alice", "secret").await.unwrap();
    let names: Vec<_> = session.uidl(None).await.unwrap().into_iter().map(|entry| entry.unique_id.unwrap()).collect();
    let error = session.dele_if(1, &names[1]).await.unwrap_err();
    assert_eq!(error.reason(), "UNIQUE_ID_MISMATCH");
    session.dele_if(1, &names[0]).await.unwrap();
    assert_eq!(session.quit().await.unwrap().outcome(), CommitOutcome::Committed);
    assert!(session.quit().await.unwrap().replayed);
    session.close().await;
    assert_eq!(gateway.unique_ids().await, names[1..]);
}

#[tokio::test]
async fn the_other_commands() {
    let gateway = Gateway::demo();
    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    assert!(session.capa().await.unwrap().extensions.unwrap().stls);
    let error = session.stls(None).await.unwrap_err();
    assert_eq!((error.reason(), error.command()), ("TLS_VERIFICATION_FAILED", "STLS"));

    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    session.utf8().await.unwrap();
    assert!(!session.lang(None).await.unwrap().languages.is_empty());
    session.lang(Some("*")).await.unwrap();
    assert_eq!(session.auth(alice()).await.unwrap().mechanism, "PLAIN");
    assert_eq!(session.stat().await.unwrap().message_count, 5);
    let octets: Vec<_> = session.list(None).await.unwrap().iter().map(|entry| entry.octets()).collect();
    assert_eq!(octets, [686, 700, 663, 1187, 10443]);
    assert_eq!(session.list(Some(2)).await.unwrap()[0].octets(), 700);
    assert_eq!(session.uidl(Some(2)).await.unwrap().len(), 1);
    session.dele(1).await.unwrap();
    session.rset().await.unwrap();
    assert!(session.noop().await.unwrap().starts_with("+OK"));
    session.close().await;

    gateway.free().await;
    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    session.user("alice").await.unwrap();
    session.rpop("alice").await.unwrap();
    assert_eq!(session.stat().await.unwrap().message_count, 5);
}

#[tokio::test]
async fn errors_are_decoded() {
    let gateway = Gateway::demo();
    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    session.user("alice").await.unwrap();
    let error = session.pass("wrong").await.unwrap_err();
    assert_eq!((error.reason(), error.code()), ("LOGIN_FAILED", Code::PermissionDenied));
    assert_eq!((error.command(), error.response_code(), error.retry_after()), ("PASS", "AUTH", None));
    assert!(error.response().starts_with("-ERR") && error.to_string().contains("refused"));
    assert_eq!(error.metadata()["command"], "PASS");
    assert!(!format!("{error:?}").contains("wrong"));
    let error = gateway.client().session("127.0.0.1").await.unwrap_err();
    assert_eq!(error.reason(), "TARGET_NOT_ALLOWED");
}

#[tokio::test]
async fn an_error_says_when_to_come_again() {
    let gateway = Gateway::demo();
    let mut first = gateway.client().session(gateway.server()).await.unwrap();
    let mut second = gateway.client().session(gateway.server()).await.unwrap();
    first.auth(alice()).await.unwrap();
    let error = second.auth(alice()).await.unwrap_err();
    assert_eq!((error.reason(), error.response_code()), ("MAILBOX_IN_USE", "IN-USE"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn messages_stream() {
    let gateway = Gateway::demo();
    let whole = gateway.fetched().await;
    let mut session = gateway.client().session(gateway.server()).await.unwrap();
    session.auth(alice()).await.unwrap();
    for message in whole {
        let mut reader = session.retr(message.number).await.unwrap();
        assert!(reader.response().starts_with("+OK"));
        let mut data = Vec::new();
        reader.read_to_end(&mut data).await.unwrap();
        assert_eq!(data, message.data);

        let (mut reader, mut data) = (session.retr(message.number).await.unwrap(), Vec::new());
        while reader.read_until(b'\n', &mut data).await.unwrap() > 0 {}
        assert_eq!(data, message.data);

        let (mut reader, mut data) = (session.retr(message.number).await.unwrap(), Vec::new());
        while let Some(chunk) = reader.chunk().await.unwrap() {
            data.extend_from_slice(&chunk);
        }
        assert_eq!(data, message.data);

        let (mut reader, mut data) = (session.top(message.number, 0).await.unwrap(), Vec::new());
        reader.read_to_end(&mut data).await.unwrap();
        assert!(message.data.starts_with(&data) && data.ends_with(b"\r\n\r\n") && data.len() < message.data.len());
    }
    drop(session.retr(1).await.unwrap()); // unread
    assert_eq!(session.retr(6).await.unwrap_err().reason(), "COMMAND_REFUSED");
    assert_eq!(session.retr_at_most(1, 1).await.unwrap_err().reason(), "MESSAGE_TOO_LARGE");
}
