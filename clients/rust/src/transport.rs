//! The connection to a gateway below the stubs: it adds the token, keeps deadlines, cancels and repeats.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt;

mod body;

use body::{Abortable, Guarded};

/// The calls that may be repeated, and how often: the retry policy of clients/service_config.json. Tonic has no service config.
const REPEATABLE: [&str; 15] = [
    "/popgate.v1.Pop3Service/GetWelcome",
    "/popgate.v1.Pop3Service/SetDebugLevel",
    "/popgate.v1.Pop3Service/Capa",
    "/popgate.v1.Pop3Service/Stat",
    "/popgate.v1.Pop3Service/List",
    "/popgate.v1.Pop3Service/Uidl",
    "/popgate.v1.Pop3Service/Top",
    "/popgate.v1.Pop3Service/Noop",
    "/popgate.v1.Pop3Service/Rset",
    "/popgate.v1.Pop3Service/Quit",
    "/popgate.v1.Pop3Service/CloseSession",
    "/popgate.v1.MailboxService/ListMessages",
    "/popgate.v1.MailboxService/FetchMessages",
    "/popgate.v1.MailboxService/DeleteMessages",
    "/popgate.v1.MailboxService/DiagnoseServer",
];
const ATTEMPTS: u32 = 5;
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
const LARGEST_TIMEOUT: u64 = 99_999_999; // of any unit
/// What the header `grpc-timeout` can say; Tonic panics beyond it.
pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_secs(LARGEST_TIMEOUT * 3600);

/// What the stubs of a [`Client`](crate::Client) send their calls through.
///
/// Beyond Tonic's channel it adds the token, lets a deadline end a stream as well, cancels at the gateway any call that is
/// dropped, and repeats calls as the retry policy of popgate says: those that change nothing twice, when the status is
/// UNAVAILABLE and the gateway does not forbid it.
#[derive(Clone, Debug)]
pub struct Transport {
    channel: Channel,
    authorization: Option<HeaderValue>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Transport {
    pub(crate) fn new(channel: Channel, authorization: Option<HeaderValue>) -> Self {
        Self { channel, authorization }
    }

    async fn send(self, request: Request<Body>, deadline: Option<Instant>) -> Result<Response<Body>, Status> {
        let (request, guard) = Abortable::wrap(request);
        let answer = async { self.channel.oneshot(request).await };
        let response = match within(deadline, answer).await? {
            // Tonic and the gateway have timers of their own, and say CANCELLED.
            Err(_) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => return Err(expired()),
            Err(error) => return Err(broken(Status::from_error(error.into()))),
            Ok(response) => response,
        };
        Ok(response.map(|body| Body::new(Guarded::new(body, guard, deadline))))
    }

    async fn send_repeatedly(
        self,
        request: Request<Body>,
        deadline: Option<Instant>,
    ) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes(); // a single message
        let mut backoff = INITIAL_BACKOFF;
        for _ in 1..ATTEMPTS {
            let request = Request::from_parts(parts.clone(), Body::new(Full::new(body.clone())));
            let answer = self.clone().send(request, deadline).await;
            let Some(pause) = pause(&answer, backoff) else { return answer };
            if deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                return answer;
            }
            tokio::time::sleep(pause).await;
            backoff = MAX_BACKOFF.min(backoff * 2);
        }
        self.send(Request::from_parts(parts, Body::new(Full::new(body))), deadline).await
    }
}

impl tower::Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(())) // each call waits for the channel itself
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let deadline = timeout(request.headers().get("grpc-timeout")).map(|timeout| Instant::now() + timeout);
        let this = self.clone();
        Box::pin(async move {
            let answer = match REPEATABLE.contains(&request.uri().path()) {
                true => this.send_repeatedly(request, deadline).await,
                false => this.send(request, deadline).await,
            };
            Ok(answer?)
        })
    }
}

/// How long to wait before the next attempt, if there may be one. The gateway's `grpc-retry-pushback-ms` stands over the
/// backoff, and forbids an attempt where it is no number of milliseconds, or one beyond 31 bits: that would be a wait without
/// end. Statuses behind data are not in the headers.
fn pause(answer: &Result<Response<Body>, Status>, backoff: Duration) -> Option<Duration> {
    let headers = match answer {
        Err(status) if status.code() == Code::Unavailable => return Some(jitter(backoff)),
        Ok(response) => response.headers(),
        Err(_) => return None,
    };
    let status = headers.get(Status::GRPC_STATUS)?;
    if Code::from_bytes(status.as_bytes()) != Code::Unavailable {
        return None;
    }
    match headers.get("grpc-retry-pushback-ms") {
        None => Some(jitter(backoff)),
        Some(pushback) => {
            let pushback: i32 = pushback.to_str().ok()?.parse().ok()?;
            u64::try_from(pushback).ok().map(Duration::from_millis)
        }
    }
}

/// A fifth more or less, so that callers do not come back in step.
fn jitter(backoff: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    backoff.mul_f64(0.8 + 0.4 * random)
}

/// Reads the header `grpc-timeout`, such as `330000m`, which Tonic writes, or the caller. More than eight digits are none.
fn timeout(header: Option<&HeaderValue>) -> Option<Duration> {
    let header = header?.to_str().ok()?;
    let (number, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok().filter(|number| *number <= LARGEST_TIMEOUT)?;
    Some(match unit {
        "n" => Duration::from_nanos(number),
        "u" => Duration::from_micros(number),
        "m" => Duration::from_millis(number),
        "S" => Duration::from_secs(number),
        "M" => Duration::from_secs(number * 60),
        "H" => Duration::from_secs(number * 3600),
        _ => return None,
    })
}

async fn within<T>(deadline: Option<Instant>, answer: impl Future<Output = T>) -> Result<T, Status> {
    match deadline {
        None => Ok(answer.await),
        Some(deadline) => tokio::time::timeout_at(deadline, answer).await.map_err(|_| expired()),
    }
}

/// To Tonic a connection that breaks inside a call is UNKNOWN, to gRPC UNAVAILABLE. A status of the gateway's is no error here.
fn broken(status: Status) -> Status {
    match status.code() {
        Code::Unknown => Status::unavailable(status.message()),
        _ => status,
    }
}

fn expired() -> Status {
    Status::deadline_exceeded("the caller's deadline has expired")
}
