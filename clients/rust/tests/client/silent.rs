//! A gateway that falls silent, says too little, or asks for what makes no sense.

use std::time::Duration;

use popgate::v1::{CloseSessionResponse, ListResponse, NoopResponse, QuitResponse, UidlResponse};
use popgate::{Client, CollectOpen, Settling};
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};

use crate::fake::{Fake, Reply, opened};
use crate::support::{Gateway, alice};

/// Waits longer than anything here may take.
async fn soon<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), answer).await.expect("it does not end")
}

#[tokio::test]
async fn close_gives_up_without_an_answer() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        _ => Reply::of([] as [CloseSessionResponse; 0]).endless(),
    });
    let fake = fake.await;
    let session = fake.client().session("pop.example.com").await.unwrap();
    soon(session.close()).await;
    assert_eq!(fake.methods(), ["OpenSession", "CloseSession"]);
}

#[tokio::test]
async fn close_has_less_time_than_quit() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        "Quit" => Reply::of([QuitResponse::default()]),
        _ => Reply::of([CloseSessionResponse::default()]),
    })
    .await;
    for (timeout, quit, close) in [
        (Some(Duration::from_secs(330)), Some("330000m"), "10000000u"),
        (None, None, "10000000u"),
        (Some(Duration::from_secs(9)), Some("9000000u"), "9000000u"),
    ] {
        let client = Client::builder(&fake.target).timeout(timeout).connect().unwrap();
        let mut session = client.session("pop.example.com").await.unwrap();
        session.quit().await.unwrap();
        session.close().await;
        drop(client.session("pop.example.com").await.unwrap());
        let mut calls = fake.calls();
        soon(async {
            while calls.len() < 5 {
                tokio::time::sleep(Duration::from_millis(5)).await;
                calls.extend(fake.calls());
            }
        })
        .await;
        let timeouts: Vec<_> = calls
            .iter()
            .filter(|call| call.method != "OpenSession")
            .map(|call| call.headers.get("grpc-timeout").map(|value| value.to_str().unwrap()))
            .collect();
        assert_eq!(timeouts, [quit, Some(close), Some(close)]);
    }
}

#[tokio::test]
async fn a_pushback_that_is_none_forbids_another_attempt() {
    for pushback in ["9223372036854775807", "18446744073709551615", "2147483648", "99999999999999999999999", "1.5", ""]
    {
        let fake = Fake::start(move |method, _| match method {
            "OpenSession" => opened(),
            _ => Reply::status(Code::Unavailable).header("grpc-retry-pushback-ms", pushback),
        });
        let fake = fake.await;
        let mut session = fake.client().session("pop.example.com").await.unwrap();
        let error = soon(session.uidl(None)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{pushback}");
        assert_eq!(fake.methods(), ["OpenSession", "Uidl"], "{pushback}");
    }
}

#[tokio::test]
async fn any_timeout_will_do() {
    let fake = Fake::start(|method, _| match method {
        "OpenSession" => opened(),
        _ => Reply::of([NoopResponse::default()]),
    });
    let fake = fake.await;
    let client = Client::builder(&fake.target).timeout(Some(Duration::MAX)).connect().unwrap();
    client.session("pop.example.com").await.unwrap().noop().await.unwrap();
    // What a caller writes into the header by hand, and is none by the protocol.
    let mut noop = Request::new(popgate::v1::NoopRequest::default());
    noop.metadata_mut().insert("grpc-timeout", MetadataValue::from_static("18446744073709551615H"));
    client.pop3().noop(noop).await.unwrap();
}

#[tokio::test]
async fn a_listing_of_one_message_has_an_entry() {
    let fake = Fake::start(|method, before| match (method, before) {
        ("OpenSession", _) => opened(),
        (_, 1) => Reply::of([ListResponse::default()]),
        ("List", _) => Reply::of([] as [ListResponse; 0]),
        (_, 3) => Reply::of([UidlResponse::default()]),
        _ => Reply::of([] as [UidlResponse; 0]),
    });
    let fake = fake.await;
    let mut session = fake.client().session("pop.example.com").await.unwrap();
    assert!(session.list(Some(1)).await.unwrap_err().is_integrity());
    assert!(session.list(Some(1)).await.unwrap_err().is_integrity());
    assert!(session.uidl(Some(1)).await.unwrap_err().is_integrity());
    assert!(session.uidl(Some(1)).await.unwrap_err().is_integrity());
    assert!(session.list(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn listings_of_an_empty_maildrop() {
    let gateway = Gateway::demo();
    let client = gateway.client();
    for expected in [5, 0] {
        let mut messages = client.collect(CollectOpen::from(gateway.request()), Settling::Delete).await.unwrap();
        let mut count = 0;
        while messages.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, expected);
    }
    assert!(gateway.fetched().await.is_empty());
    let mut session = client.session(gateway.server()).await.unwrap();
    session.auth(alice()).await.unwrap();
    assert!(session.list(None).await.unwrap().is_empty());
    assert!(session.uidl(None).await.unwrap().is_empty());
    assert_eq!(session.list(Some(1)).await.unwrap_err().reason(), "COMMAND_REFUSED");
    session.close().await;
}
