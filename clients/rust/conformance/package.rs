//! What is asked of the package: the session's methods, fetch and collect.

use popgate::{Client, Collect, CollectOpen, Disposition, Error, FetchMessagesRequest, Message, Session, Settling};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use crate::json::{Contract, hex};
use crate::{Answer, text, with_error};

pub(crate) async fn command(session: &mut Session, op: &str, ask: &Value) -> Answer {
    let number = ask["number"].as_u64().unwrap_or_default() as u32;
    match op {
        "session.login" => session.login(text(ask, "username"), text(ask, "password")).await.map(drop)?,
        "session.retr" => return retr(session, number).await,
        "session.dele" => session.dele(number).await.map(drop)?,
        "session.quit" => {
            let outcome = session.quit().await?.outcome();
            return Ok(json!({"outcome": outcome.as_str_name().trim_start_matches("COMMIT_OUTCOME_")}));
        }
        op => panic!("there is no operation {op}"),
    }
    Ok(json!({}))
}

/// Reads through AsyncRead, in pieces of an odd size.
async fn retr(session: &mut Session, number: u32) -> Answer {
    let mut reader = session.retr(number).await?;
    let (mut octets, mut hash, mut piece) = (0, Sha256::new(), [0; 10_007]);
    loop {
        let read = reader.read(&mut piece).await.map_err(|error| {
            let error = error.into_inner().expect("an error of the package");
            *error.downcast::<Error>().expect("an error of the package")
        })?;
        if read == 0 {
            return Ok(json!({"octets": octets, "sha256": hex(hash)}));
        }
        octets += read;
        hash.update(&piece[..read]);
    }
}

pub(crate) async fn fetch(contract: &Contract, client: &Client, ask: &Value) -> Answer {
    let request: FetchMessagesRequest = contract.message("FetchMessagesRequest", &ask["request"]);
    let mut fetch = match client.fetch(request).await {
        Ok(fetch) => fetch,
        Err(error) => return Ok(with_error(json!({"messages": [], "cursor": ""}), Some(error))),
    };
    let mut messages = Vec::new();
    let error = loop {
        match fetch.next().await {
            Ok(Some(message)) => messages.push(described(&message)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let cursor = fetch.delivery().cursor.clone().unwrap_or_default();
    let cursor = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, cursor);
    Ok(with_error(json!({"messages": messages, "cursor": cursor}), error))
}

/// How a loop is left: by the end of the messages, by `break`, or by an error of the language's own.
enum Left {
    Ended,
    Broken,
    Failed,
}

pub(crate) async fn collect(contract: &Contract, client: &Client, ask: &Value) -> Answer {
    let open: CollectOpen = contract.message("CollectOpen", &ask["open"]);
    let settling = match text(ask, "settle") {
        "delete" => Settling::Delete,
        "keep" => Settling::Keep,
        _ => Settling::ByHand,
    };
    let mut messages = Vec::new();
    let mut collect = match client.collect(open, settling).await {
        Ok(collect) => collect,
        Err(error) => return Ok(with_error(json!({"messages": [], "outcome": ""}), Some(error))),
    };
    let left = body(&mut collect, settling, ask, &mut messages).await;
    let error = match left {
        Err(error) => Some(error),
        Ok(Left::Ended) => None,
        // What left the loop early, an error of its own or not, goes on after what was settled is committed.
        Ok(Left::Broken | Left::Failed) => collect.finish().await.err(),
    };
    let outcome = collect.outcome().as_str_name().trim_start_matches("COMMIT_OUTCOME_");
    let outcome = if outcome == "UNSPECIFIED" { "" } else { outcome };
    Ok(with_error(json!({"messages": messages, "outcome": outcome}), error))
}

async fn body(
    collect: &mut Collect,
    settling: Settling,
    ask: &Value,
    messages: &mut Vec<Value>,
) -> Result<Left, Error> {
    let at = |key: &str, count: usize| ask[key].as_u64() == Some(count as u64);
    while let Some(message) = collect.next().await? {
        messages.push(described(&message));
        let count = messages.len();
        if at("stop_at", count) {
            return Ok(Left::Broken);
        }
        if at("fail_at", count) {
            return Ok(Left::Failed);
        }
        if settling == Settling::ByHand {
            let delete = count % 2 == 1;
            collect.settle(&message, if delete { Disposition::Delete } else { Disposition::Keep });
        }
    }
    Ok(Left::Ended)
}

fn described(message: &Message) -> Value {
    let hash = Sha256::new_with_prefix(&message.data);
    json!({
        "number": message.number,
        "unique_id": message.unique_id,
        "octets": message.data.len(),
        "sha256": hex(hash),
    })
}
