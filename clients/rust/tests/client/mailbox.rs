use std::sync::{Arc, Mutex};

use popgate::v1::fetch_messages_request::Selection;
use popgate::v1::{CommitOutcome, DeleteOutcome, UniqueIds};
use popgate::{Collect, Credentials, Disposition, Error, FetchMessagesRequest, Message, Settling};
use sha2::{Digest, Sha256};
use tokio_stream::{Stream, StreamExt};

use crate::support::Gateway;

#[tokio::test]
async fn fetch() {
    let gateway = Gateway::demo();
    let client = gateway.client();
    let mut fetch = client.fetch(gateway.request()).await.unwrap();
    let mut messages = Vec::new();
    while let Some(message) = fetch.next().await.unwrap() {
        assert_eq!(message.sha256, Sha256::digest(&message.data).as_slice());
        messages.push(message);
    }
    let octets: Vec<_> = messages.iter().map(|message| message.data.len()).collect();
    assert_eq!(octets, [686, 700, 663, 1187, 10443]);
    let delivery = fetch.delivery();
    assert_eq!(delivery.progress.as_ref().unwrap().new_messages, 5);
    assert_eq!(delivery.summary.as_ref().unwrap().delivered, 5);

    let asked = |selection, request| FetchMessagesRequest { selection: Some(selection), ..request };
    let cursor = Selection::Cursor(delivery.cursor.clone().unwrap());
    assert_eq!(gateway.fetched_as(asked(cursor, gateway.request())).await, []);
    let two = FetchMessagesRequest { max_messages: Some(2), ..gateway.request() };
    assert_eq!(gateway.fetched_as(two).await.len(), 2);
    let unique_ids = vec![messages[3].unique_id.clone()];
    let one = asked(Selection::UniqueIds(UniqueIds { unique_ids }), gateway.request());
    let one = gateway.fetched_as(one).await;
    assert_eq!((one.len(), &one[0].data), (1, &messages[3].data));
    let mut small = client.fetch(FetchMessagesRequest { max_octets: Some(1000), ..gateway.request() }).await.unwrap();
    assert_eq!(collected(&mut small).await.len(), 3);
    assert_eq!(small.delivery().undelivered.len(), 2);
}

/// Reads a fetch as the `Stream` that it is.
async fn collected(fetch: impl Stream<Item = Result<Message, Error>>) -> Vec<Message> {
    fetch.collect::<Result<_, _>>().await.unwrap()
}

#[tokio::test]
async fn fetch_left_early() {
    let gateway = Gateway::demo();
    let mut fetch = gateway.client().fetch(gateway.request()).await.unwrap();
    fetch.next().await.unwrap().unwrap();
    assert_eq!(fetch.delivery().cursor, None);
    drop(fetch);
    assert_eq!(gateway.fetched().await.len(), 5);
}

#[tokio::test]
async fn a_refused_login() {
    let gateway = Gateway::demo();
    let request = || FetchMessagesRequest::new(gateway.server(), Credentials::password("alice", "wrong"));
    // An error that comes before any header is the call's, another one the first message's: which of them is the transport's business.
    let error = match gateway.client().fetch(request()).await {
        Ok(mut fetch) => fetch.next().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.reason(), "LOGIN_FAILED");
    let open = popgate::CollectOpen::from(request());
    let error = match gateway.client().collect(open, Settling::Delete).await {
        Ok(mut collect) => collect.next().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.reason(), "LOGIN_FAILED");
}

async fn collect(gateway: &Gateway, settling: Settling) -> Collect {
    gateway.client().collect(popgate::CollectOpen::from(gateway.request()), settling).await.unwrap()
}

#[tokio::test]
async fn collect_all() {
    let gateway = Gateway::demo();
    let mut messages = collect(&gateway, Settling::Delete).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = told.clone();
    messages.on_commit(move |commit| {
        teller.lock().unwrap().extend(commit.messages.iter().map(|message| message.outcome()));
    });
    let mut count = 0;
    while let Some(message) = messages.next().await.unwrap() {
        count += 1;
        assert_eq!(message.delivery_id, count);
    }
    assert_eq!(messages.outcome(), CommitOutcome::Committed);
    assert_eq!(messages.delivery().summary.as_ref().unwrap().delivered, 5);
    assert_eq!(*told.lock().unwrap(), [DeleteOutcome::Deleted; 5]);
    messages.finish().await.unwrap(); // after the end it does nothing
    assert_eq!(gateway.fetched().await.len(), 0);
}

#[tokio::test]
async fn collect_left_early() {
    let gateway = Gateway::demo();
    let names = gateway.unique_ids().await;
    let mut messages = collect(&gateway, Settling::Delete).await;
    while let Some(message) = messages.next().await.unwrap() {
        if message.delivery_id == 3 {
            break;
        }
    }
    messages.finish().await.unwrap();
    assert_eq!(messages.outcome(), CommitOutcome::Committed);
    assert_eq!(gateway.unique_ids().await, names[2..]);
}

#[tokio::test]
async fn an_error_in_the_body_leaves_its_message() {
    async fn store(messages: &mut Collect) -> Result<(), Box<dyn std::error::Error>> {
        while let Some(message) = messages.next().await? {
            if message.delivery_id == 2 {
                "no number".parse::<u8>()?;
            }
        }
        Ok(())
    }
    let gateway = Gateway::demo();
    let names = gateway.unique_ids().await;
    let mut messages = collect(&gateway, Settling::Delete).await;
    store(&mut messages).await.unwrap_err();
    messages.finish().await.unwrap();
    assert_eq!(gateway.unique_ids().await, names[1..]);
}

#[tokio::test]
async fn dropping_gives_up() {
    let gateway = Gateway::demo();
    let client = gateway.client();
    let open = popgate::CollectOpen::from(gateway.request());
    let mut messages = client.collect(open, Settling::Delete).await.unwrap();
    for _ in 0..3 {
        messages.next().await.unwrap().unwrap();
    }
    drop(messages);
    assert_eq!(gateway.fetched().await.len(), 5);
}

#[tokio::test]
async fn collect_and_keep() {
    let gateway = Gateway::demo();
    let mut messages = collect(&gateway, Settling::Keep).await;
    while messages.next().await.unwrap().is_some() {}
    let selection = Some(Selection::Cursor(messages.delivery().cursor.clone().unwrap()));
    assert_eq!(gateway.fetched().await.len(), 5);
    let open = popgate::CollectOpen::from(FetchMessagesRequest { selection, ..gateway.request() });
    let mut messages = gateway.client().collect(open, Settling::Keep).await.unwrap();
    assert_eq!(messages.next().await.unwrap(), None);
}

#[tokio::test]
async fn settled_by_hand() {
    let gateway = Gateway::demo();
    let mut messages = collect(&gateway, Settling::ByHand).await;
    while let Some(message) = messages.next().await.unwrap() {
        let odd = message.delivery_id % 2 == 1;
        messages.settle(&message, if odd { Disposition::Delete } else { Disposition::Keep });
    }
    assert_eq!(gateway.fetched().await.len(), 2);
}

#[tokio::test]
async fn the_first_settlement_stands() {
    let gateway = Gateway::demo();
    let mut messages = collect(&gateway, Settling::Delete).await;
    while let Some(message) = messages.next().await.unwrap() {
        if message.delivery_id == 1 {
            messages.settle(&message, Disposition::Keep);
        }
    }
    assert_eq!(gateway.fetched().await.len(), 1);
}
