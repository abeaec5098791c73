//! A message as it comes: a byte stream whose end is only reached if the message is whole.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio_stream::Stream;
use tonic::Status;

use crate::error::Error;
use crate::session::Session;
use crate::v1::RetrResponse;

pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<RetrResponse, Status>> + Send>>;

/// A message of a [`Session`], byte for byte, dot-unstuffed, with its line ends.
///
/// It is a byte stream of Tokio: `AsyncRead`, and `AsyncBufRead` for lines. Its end is only reached if the message came whole.
/// Otherwise the read that meets it fails, and all later ones: with an [`io::Error`] that holds an [`Error`], so that
/// `error.get_ref()` and `downcast_ref::<popgate::Error>()` tell more. [`MessageReader::chunk`] is the fastest way to copy a
/// message, and its errors are [`Error`].
///
/// Dropping it before its end cancels the call. It borrows the session, which is sequential.
pub struct MessageReader<'session> {
    pieces: Option<Pieces>,
    response: String,
    rest: Bytes,
    totals: Totals,
    failure: Option<Error>,
    session: PhantomData<&'session mut Session>,
}

impl MessageReader<'_> {
    /// Waits for the first piece, which has the status line.
    pub(crate) async fn new(pieces: Pieces) -> Result<Self, Error> {
        let mut reader = Self {
            pieces: Some(pieces),
            response: String::new(),
            rest: Bytes::new(),
            totals: Totals::default(),
            failure: None,
            session: PhantomData,
        };
        std::future::poll_fn(|cx| reader.poll_piece(cx)).await?;
        Ok(reader)
    }

    /// The server's status line.
    pub fn response(&self) -> &str {
        &self.response
    }

    /// The next octets, up to 256 KiB; `None` at the end. It is cancel safe.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        std::future::poll_fn(|cx| self.poll_rest(cx)).await?;
        let chunk = std::mem::take(&mut self.rest);
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// Waits until `rest` has something, or the message has ended.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.rest.is_empty() && (self.pieces.is_some() || self.failure.is_some()) {
            ready!(self.poll_piece(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let (None, Some(pieces)) = (&self.failure, &mut self.pieces) else {
            return Poll::Ready(self.failure.clone().map_or(Ok(()), Err));
        };
        let piece = ready!(pieces.as_mut().poll_next(cx)).transpose();
        let taken = piece.map_err(Error::from).and_then(|piece| self.take(piece));
        if let Err(error) = &taken {
            self.pieces = None;
            self.failure = Some(error.clone());
        }
        Poll::Ready(taken)
    }

    fn take(&mut self, piece: Option<RetrResponse>) -> Result<(), Error> {
        let Some(piece) = piece else {
            self.pieces = None;
            return self.totals.end();
        };
        self.totals.add(&piece)?;
        if self.response.is_empty() {
            self.response = piece.response;
        }
        self.rest = piece.data;
        Ok(())
    }
}

impl AsyncBufRead for MessageReader<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_rest(cx)).map_err(into_io)?;
        Poll::Ready(Ok(&this.rest))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.rest.advance(count);
    }
}

impl AsyncRead for MessageReader<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(cx)).map_err(into_io)?;
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for MessageReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader").field("response", &self.response).finish_non_exhaustive()
    }
}

fn into_io(error: Error) -> io::Error {
    let kind = if error.is_integrity() { io::ErrorKind::InvalidData } else { io::ErrorKind::Other };
    io::Error::new(kind, error)
}

/// Counts what comes of a message, and compares it with what the last piece says was sent.
#[derive(Default)]
struct Totals {
    octets: i64,
    crc32: crc32fast::Hasher,
    whole: bool,
}

impl Totals {
    fn add(&mut self, piece: &RetrResponse) -> Result<(), Error> {
        if self.whole {
            return Err(Error::integrity("the stream goes on after the message"));
        }
        self.octets += piece.data.len() as i64;
        self.crc32.update(&piece.data);
        let Some(octets) = piece.octets else { return Ok(()) };
        self.whole = true;
        check(self.octets, self.crc32.clone().finalize(), octets, piece.crc32())
    }

    fn end(&self) -> Result<(), Error> {
        match self.whole {
            true => Ok(()),
            false => Err(Error::integrity("the stream ended before the message")),
        }
    }
}

/// Compares what came with what was sent.
pub(crate) fn check(came: i64, came_crc32: u32, sent: i64, sent_crc32: u32) -> Result<(), Error> {
    if (came, came_crc32) == (sent, sent_crc32) {
        return Ok(());
    }
    Err(Error::integrity(format!("{came} octets came, {sent} were sent, or their CRC-32 differs")))
}
