//! Bodies of a call that end together: when the response is dropped, the request is broken off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;

use super::{BoxError, broken, expired};

/// A request's body that fails once its guard is dropped, which resets the HTTP/2 stream.
///
/// Without it a stream both ways would be half-closed when its caller gives it up, as if all had been said: h2 resets a stream
/// only when neither of its halves is held any longer.
pub(super) struct Abortable {
    body: Body,
    aborted: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Abortable {
    pub(super) fn wrap(request: Request<Body>) -> (Request<Body>, DropGuard) {
        let token = CancellationToken::new();
        let aborted = Box::pin(token.clone().cancelled_owned());
        (request.map(|body| Body::new(Self { body, aborted })), token.drop_guard())
    }
}

impl http_body::Body for Abortable {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.aborted.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(h2::Error::from(h2::Reason::CANCEL).into())));
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A response's body that fails at the call's deadline: Tonic's own ends with the response's head.
pub(super) struct Guarded {
    body: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    _guard: DropGuard,
}

impl Guarded {
    pub(super) fn new(body: Body, guard: DropGuard, deadline: Option<Instant>) -> Self {
        Self { body, deadline: deadline.map(|at| Box::pin(sleep_until(at))), _guard: guard }
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx).map_err(broken);
        let Some(deadline) = &mut self.deadline else { return frame };
        if let Poll::Ready(None | Some(Ok(_))) = frame {
            return frame;
        }
        // The gateway has a timer of its own, and may have reset the stream just before.
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(expired()))),
            Poll::Pending => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
