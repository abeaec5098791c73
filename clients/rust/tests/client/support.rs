//! Gateways for the tests: real processes of the binary that the environment variable POPGATE names.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use popgate::{Client, Credentials, Error, FetchMessagesRequest, Message, Server};

/// A process of popgate that has said where it listens. Dropping it ends it.
pub struct Gateway {
    process: Child,
    pub target: String,
    mailbox: u16,
}

impl Gateway {
    /// A gateway with a sample mailbox of five messages, whose user is alice with the password secret.
    pub fn demo() -> Self {
        Self::start(&["demo", "--listen=127.0.0.1:0", "--mailbox=127.0.0.1:0"], "grpcurl")
    }

    /// A gateway that knows no POP3 server.
    pub fn serve(arguments: &[&str]) -> Self {
        Self::start(&[&["serve", "--listen=127.0.0.1:0"], arguments].concat(), "msg=listening")
    }

    /// Waits for a line with `last`. What it says afterwards is read away.
    fn start(arguments: &[&str], last: &str) -> Self {
        let binary = std::env::var("POPGATE").expect("POPGATE names the gateway's binary: clients/rust/test sets it");
        let mut command = Command::new(binary);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("popgate starts");
        let (stdout, stderr) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        // `demo` speaks on standard output, `serve` logs to standard error.
        let (mut said, mut other): (Box<dyn BufRead + Send>, Box<dyn Read + Send>) = match arguments[0] {
            "demo" => (Box::new(BufReader::new(stdout)), Box::new(stderr)),
            _ => (Box::new(BufReader::new(stderr)), Box::new(stdout)),
        };
        let mut gateway = Self { process, target: String::new(), mailbox: 0 };
        let mut line = String::new();
        while !line.contains(last) {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "popgate has ended");
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["gateway", target, ..] => gateway.target = (*target).to_owned(),
                ["mailbox", address, ..] => gateway.mailbox = address.rsplit(':').next().unwrap().parse().unwrap(),
                words => {
                    if let Some(address) = words.iter().find_map(|word| word.strip_prefix("address=")) {
                        gateway.target = address.to_owned();
                    }
                }
            }
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        std::thread::spawn(move || std::io::copy(&mut other, &mut std::io::sink()));
        gateway
    }

    pub fn server(&self) -> Server {
        Server::plaintext("127.0.0.1", self.mailbox)
    }

    pub fn client(&self) -> Client {
        Client::builder(&self.target).timeout(Some(Duration::from_secs(60))).connect().unwrap()
    }

    pub fn request(&self) -> FetchMessagesRequest {
        FetchMessagesRequest::new(self.server(), alice())
    }

    /// All that is in the mailbox, which is free afterwards.
    pub async fn fetched(&self) -> Vec<Message> {
        self.fetched_as(self.request()).await
    }

    /// What is asked for of the mailbox, which is free before and afterwards.
    pub async fn fetched_as(&self, request: FetchMessagesRequest) -> Vec<Message> {
        self.free().await;
        let messages = self.fetch_all(request).await.unwrap();
        self.free().await;
        messages
    }

    /// Waits until the server has seen that what had the mailbox is over: without QUIT that takes it some time.
    pub async fn free(&self) {
        loop {
            let mut session = self.client().session(self.server()).await.unwrap();
            match session.auth(alice()).await {
                Err(error) if error.reason() == "MAILBOX_IN_USE" => session.close().await,
                login => {
                    login.unwrap();
                    session.quit().await.unwrap();
                    return session.close().await;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn fetch_all(&self, request: FetchMessagesRequest) -> Result<Vec<Message>, Error> {
        let mut fetch = self.client().fetch(request).await?;
        let mut messages = Vec::new();
        while let Some(message) = fetch.next().await? {
            messages.push(message);
        }
        Ok(messages)
    }

    pub async fn unique_ids(&self) -> Vec<String> {
        self.fetched().await.into_iter().map(|message| message.unique_id).collect()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn alice() -> Credentials {
    Credentials::password("alice", "secret")
}
