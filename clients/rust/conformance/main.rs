//! The runner of the conformance suite: clients/conformance/README.md says what it is asked and what it answers.
//!
//! Its argument is the contract as a descriptor set, such as `buf build` makes: prost knows no JSON, prost-reflect does.

mod calls;
mod json;
mod package;

use std::io::Write;

use popgate::{Client, Error, Session};
use serde_json::{Map, Value, json};

use calls::Both;
use json::Contract;

/// What an operation comes to: an object, which may hold an error.
pub(crate) type Answer = Result<Value, Error>;

struct Runner {
    contract: Contract,
    client: Option<Client>,
    both: Option<Both>,
    session: Option<Session>,
}

#[tokio::main]
async fn main() {
    let image = std::env::args().nth(1).expect("usage: conformance DESCRIPTOR_SET");
    let contract = Contract::read(&image);
    let mut runner = Runner { contract, client: None, both: None, session: None };
    let mut line = String::new();
    while tokio::task::block_in_place(|| std::io::stdin().read_line(&mut line)).expect("standard input") > 0 {
        let request: Value = serde_json::from_str(&line).expect("a JSON object a line");
        let answer = runner.run(&request).await.unwrap_or_else(|error| json!({"error": described(&error)}));
        println!("{answer}");
        std::io::stdout().flush().expect("standard output");
        line.clear();
    }
    if let Some(session) = runner.session.take() {
        session.close().await;
    }
}

impl Runner {
    async fn run(&mut self, ask: &Value) -> Answer {
        match text(ask, "op") {
            "connect" => {
                self.both = None;
                self.session = None;
                self.client = Some(connect(ask)?);
                Ok(json!({}))
            }
            "call" => calls::call(&self.contract, self.client(), ask).await,
            "open" => {
                self.both = Some(Both::open(self.client().clone(), ask));
                Ok(json!({}))
            }
            op @ ("send" | "half_close" | "cancel" | "receive") => {
                let both = self.both.as_mut().expect("a call that was opened");
                both.run(&self.contract, op, ask).await
            }
            op if op.starts_with("session.") => self.session(op, ask).await,
            "fetch" => package::fetch(&self.contract, self.client(), ask).await,
            "collect" => package::collect(&self.contract, self.client(), ask).await,
            op => panic!("there is no operation {op}"),
        }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("connect comes first")
    }

    async fn session(&mut self, op: &str, ask: &Value) -> Answer {
        if op == "session.open" {
            let session = self.client().session(self.contract.server(&ask["server"])).await?;
            let opened = json!({"session_id": session.id(), "response": session.opened().response});
            self.session = Some(session);
            return Ok(opened);
        }
        if op == "session.close" {
            if let Some(session) = self.session.take() {
                session.close().await;
            }
            return Ok(json!({}));
        }
        package::command(self.session.as_mut().expect("session.open comes first"), op, ask).await
    }
}

fn connect(ask: &Value) -> Result<Client, Error> {
    let mut builder = Client::builder(text(ask, "target"));
    if let Some(file) = ask["ca_file"].as_str() {
        builder = builder.ca_certificate(std::fs::read(file).expect("ca_file"));
    }
    if let Some(name) = ask["server_name"].as_str() {
        builder = builder.server_name(name);
    }
    if let Some(token) = ask["token"].as_str() {
        builder = builder.token(token);
    }
    builder.connect()
}

/// A text of a request, or an empty one.
pub(crate) fn text<'a>(ask: &'a Value, key: &str) -> &'a str {
    ask[key].as_str().unwrap_or_default()
}

/// Adds what ended an operation to what came before.
pub(crate) fn with_error(mut answer: Value, error: Option<Error>) -> Value {
    if let (Some(error), Some(answer)) = (error, answer.as_object_mut()) {
        answer.insert("error".to_owned(), described(&error));
    }
    answer
}

fn described(error: &Error) -> Value {
    let mut fields = Map::new();
    for (name, value) in [
        ("code", json::code_name(error.code())),
        ("reason", error.reason()),
        ("command", error.command()),
        ("response", error.response()),
        ("response_code", error.response_code()),
        ("cause", error.cause()),
        ("outcome", error.outcome()),
    ] {
        fields.insert(name.to_owned(), value.into());
    }
    let retry_after = error.retry_after().map_or(0, |after| after.as_millis() as u64);
    fields.insert("retry_after_ms".to_owned(), retry_after.into());
    fields.insert("text".to_owned(), error.to_string().into());
    Value::Object(fields)
}
