//! What no honest gateway sends.

use popgate::v1::{
    CollectMessagesResponse, Commit, CommitOutcome, Failure, FetchMessagesResponse, Part, PartEnd, PartStart,
    RetrResponse,
};
use popgate::{CollectOpen, Credentials, Error, FetchMessagesRequest, Settling};
use tokio::io::AsyncReadExt;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::fake::{Fake, Reply, opened};

const ABC: u32 = 0x352441C2;

fn piece(data: &'static [u8]) -> RetrResponse {
    RetrResponse { response: "+OK".to_owned(), data: data.into(), ..Default::default() }
}

fn totals(octets: i64, crc32: u32) -> RetrResponse {
    RetrResponse { octets: Some(octets), crc32: Some(crc32), ..Default::default() }
}

/// Reads a message of these pieces by `chunk` and by AsyncRead, which have to agree.
async fn read(pieces: Vec<RetrResponse>) -> Result<Vec<u8>, Error> {
    let fake = Fake::start(move |method, _| match method {
        "OpenSession" => opened(),
        "Retr" => Reply::of(pieces.clone()),
        _ => Reply::status(tonic::Code::Ok),
    });
    let fake = fake.await;
    let mut session = fake.client().session("pop.example.com").await?;
    let mut chunks = Vec::new();
    let mut reader = session.retr(1).await?;
    let outcome = loop {
        match reader.chunk().await {
            Ok(Some(chunk)) => chunks.extend_from_slice(&chunk),
            Ok(None) => break Ok(chunks),
            Err(error) => break Err(error),
        }
    };
    assert_eq!(reader.chunk().await.is_err(), outcome.is_err(), "an error stays");
    drop(reader);

    let (mut reader, mut data) = (session.retr(1).await?, Vec::new());
    match (reader.read_to_end(&mut data).await, &outcome) {
        (Ok(_), Ok(chunks)) => assert_eq!(data, *chunks),
        (Err(io), Err(error)) => {
            assert_eq!(io.kind(), std::io::ErrorKind::InvalidData);
            let inner = io.get_ref().unwrap().downcast_ref::<Error>().unwrap();
            assert_eq!(inner.to_string(), error.to_string());
            assert!(reader.read_u8().await.is_err(), "an error stays");
        }
        (read, outcome) => panic!("{read:?} and {outcome:?}"),
    }
    outcome
}

#[tokio::test]
async fn retr() {
    assert_eq!(read(vec![piece(b"ab"), piece(b"c"), totals(3, ABC)]).await.unwrap(), b"abc");
    assert_eq!(read(vec![piece(b""), totals(0, 0)]).await.unwrap(), b"");
    for (what, pieces) in [
        ("octets", vec![piece(b"abc"), totals(4, ABC)]),
        ("CRC-32", vec![piece(b"abc"), totals(3, ABC + 1)]),
        ("no CRC-32", vec![piece(b"abc"), RetrResponse { octets: Some(3), ..Default::default() }]),
        ("no totals", vec![piece(b"abc")]),
        ("more", vec![piece(b"abc"), totals(3, ABC), piece(b"d")]),
        ("nothing", vec![]),
    ] {
        let error = read(pieces).await.unwrap_err();
        assert!(error.is_integrity() && error.reason().is_empty(), "{what}: {error:?}");
    }
}

fn part(delivery_id: u64, data: &'static [u8]) -> Part {
    Part { delivery_id, data: data.into(), ..Default::default() }
}

fn start(part: Part) -> Part {
    Part { start: Some(PartStart { unique_id: "a".to_owned(), ..Default::default() }), ..part }
}

fn end(part: Part, octets: i64, crc32: u32) -> Part {
    Part { end: Some(PartEnd { octets, crc32, ..Default::default() }), ..part }
}

/// Fetches messages of responses with these parts.
async fn fetch(responses: Vec<Vec<Part>>) -> (Vec<bytes::Bytes>, usize, Option<Error>) {
    let fake = Fake::start(move |_, _| {
        let response = |parts: &Vec<Part>| FetchMessagesResponse { parts: parts.clone(), ..Default::default() };
        Reply::of(responses.iter().map(response))
    });
    let fake = fake.await;
    let request = FetchMessagesRequest::new("pop.example.com", Credentials::default());
    let mut fetch = fake.client().fetch(request).await.unwrap();
    let mut messages = Vec::new();
    let error = loop {
        match fetch.next().await {
            Ok(Some(message)) => messages.push(message.data),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert_eq!(fetch.next().await.unwrap(), None, "an error is the end");
    (messages, fetch.delivery().undelivered.len(), error)
}

#[tokio::test]
async fn whole_messages() {
    let refused = Part { failure: Some(Failure::default()), ..part(2, b"") };
    let responses = vec![
        vec![start(part(1, b"ab"))],
        vec![end(part(1, b"c"), 3, ABC), start(part(2, b"lost")), refused],
        vec![end(start(part(3, b"abc")), 3, ABC), end(start(part(4, b"")), 0, 0)],
    ];
    let (messages, undelivered, error) = fetch(responses).await;
    assert_eq!((messages, undelivered), (vec!["abc".into(), "abc".into(), "".into()], 1));
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn broken_messages() {
    for (what, parts) in [
        ("octets", vec![start(part(1, b"ab")), end(part(1, b"c"), 2, ABC)]),
        ("CRC-32", vec![start(part(1, b"ab")), end(part(1, b"c"), 3, ABC + 1)]),
        ("no start", vec![end(part(1, b"abc"), 3, ABC)]),
        ("no end", vec![start(part(1, b"abc"))]),
        ("two starts", vec![start(part(1, b"ab")), end(start(part(2, b"abc")), 3, ABC)]),
        ("another's end", vec![start(part(1, b"abc")), end(part(2, b""), 3, ABC)]),
        ("another's refusal", vec![start(part(1, b"abc")), Part { failure: Some(Failure::default()), ..part(2, b"") }]),
    ] {
        let (messages, _, error) = fetch(vec![parts]).await;
        assert!(messages.is_empty() && error.is_some_and(|error| error.is_integrity()), "{what}");
    }
}

#[test]
fn details_that_do_not_fit_the_status_are_not_popgates() {
    for (code, reason) in [(Code::NotFound, "R"), (Code::Internal, "")] {
        let command = [("command".to_owned(), "NOOP".to_owned())];
        let info = ErrorDetails::with_error_info("ERROR_REASON_R", "popgate.v1", command);
        let details = Status::with_error_details(Code::NotFound, "gone", info).details().to_owned();
        let error = Error::from(Status::with_details(code, "gone", details.into()));
        assert_eq!((error.code(), error.reason(), error.command().is_empty()), (code, reason, reason.is_empty()));
    }
    let error = Error::from(Status::with_details(Code::NotFound, "gone", vec![255].into()));
    assert_eq!((error.code(), error.reason()), (Code::NotFound, ""));
}

#[tokio::test]
async fn a_broken_message_ends_the_collection() {
    let mut fake = Fake::start(|_, _| {
        let parts = vec![end(start(part(1, b"abc")), 3, ABC + 1), end(start(part(2, b"abc")), 3, ABC)];
        Reply::of([CollectMessagesResponse { parts, ..Default::default() }]).endless()
    })
    .await;
    let open = CollectOpen::from(FetchMessagesRequest::new("pop.example.com", Credentials::default()));
    let client = fake.client();
    let mut collect = client.collect(open, Settling::Delete).await.unwrap();
    assert!(collect.next().await.unwrap_err().is_integrity());
    assert_eq!(fake.reset().await, "CollectMessages");
    assert_eq!(collect.next().await.unwrap(), None);
    collect.finish().await.unwrap();
}

#[tokio::test]
async fn what_is_under_way_at_finish_is_passed_over() {
    let whole = |delivery_id| end(start(part(delivery_id, b"abc")), 3, ABC);
    for under_way in [end(start(part(2, b"abc")), 3, ABC + 1), start(part(2, b"abc")), whole(2), part(7, b"abc")] {
        let what = format!("{under_way:?}");
        let answer = |parts| CollectMessagesResponse { parts, ..Default::default() };
        let commit = Commit { outcome: CommitOutcome::Committed.into(), ..Default::default() };
        let commit = CollectMessagesResponse { commit: Some(commit), ..Default::default() };
        let responses = [answer(vec![whole(1)]), answer(vec![under_way]), commit];
        let fake = Fake::start(move |_, _| Reply::of(responses.clone())).await;
        let open = CollectOpen::from(FetchMessagesRequest::new("pop.example.com", Credentials::default()));
        let mut collect = fake.client().collect(open, Settling::Delete).await.unwrap();
        assert_eq!(collect.next().await.unwrap().unwrap().delivery_id, 1);
        collect.finish().await.expect(&what);
        assert_eq!(collect.outcome(), CommitOutcome::Committed, "{what}");
        assert_eq!(collect.next().await.unwrap(), None, "{what}");
    }
}
