//! Whole messages of a mailbox, put together from the parts of a stream; none is deleted.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bytes::{Bytes, BytesMut};
use tokio_stream::{Stream, StreamExt};
use tonic::Streaming;

use crate::error::Error;
use crate::message::check;
use crate::v1::{
    CollectMessagesResponse, FetchMessagesResponse, Part, PartEnd, PartStart, Progress, Summary, UniqueIdKind,
};

/// A whole message, its octets and CRC-32 checked.
///
/// Store it under `unique_id` and `sha256` together: what is delivered twice then is stored once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Counts the messages of the call from 1.
    pub delivery_id: u64,
    /// Message number, good for one login only.
    pub number: u32,
    /// Unique-id, escaped as all texts of servers.
    pub unique_id: String,
    /// What the unique-id is worth.
    pub id_kind: UniqueIdKind,
    /// The message byte for byte, dot-unstuffed.
    pub data: Bytes,
    /// SHA-256 of `data`, 32 octets; empty if it was left out.
    pub sha256: Bytes,
}

/// What came of a call beside messages, so far.
#[derive(Debug, Default)]
pub struct Delivery {
    /// What there is to do, once the maildrop is listed.
    pub progress: Option<Progress>,
    /// The last cursor that came. It knows no message that the loop has not reached.
    pub cursor: Option<Bytes>,
    /// Parts with `failure` or `skipped`: messages that the server refused, or that are larger than `max_octets`.
    pub undelivered: Vec<Part>,
    /// What the call came to, at its end.
    pub summary: Option<Summary>,
}

/// Puts messages together.
#[derive(Default)]
pub(crate) struct Assembly {
    pub(crate) delivery: Delivery,
    parts: vec::IntoIter<Part>,
    begun: Option<(u64, PartStart)>,
    data: BytesMut,
}

impl Assembly {
    /// Takes a response, when all messages of the one before have been returned.
    pub(crate) fn take(&mut self, response: CollectMessagesResponse) {
        self.parts = response.parts.into_iter();
        let delivery = &mut self.delivery;
        delivery.progress = response.progress.or(delivery.progress.take());
        delivery.cursor = response.cursor.or(delivery.cursor.take());
        delivery.summary = response.summary.or(delivery.summary.take());
    }

    /// Returns the next message of the last response, or `None` if that has no more.
    pub(crate) fn next_whole(&mut self) -> Result<Option<Message>, Error> {
        while let Some(part) = self.parts.next() {
            if let Some(message) = self.add(part)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Fails inside a message, which has no end then.
    pub(crate) fn end(&self) -> Result<(), Error> {
        match self.begun {
            None => Ok(()),
            Some(_) => Err(Error::integrity("a message ended before it was whole")),
        }
    }

    /// Drops what is under way, and keeps what has been said: after an error no message comes.
    pub(crate) fn reset(&mut self) {
        *self = Self { delivery: std::mem::take(&mut self.delivery), ..Default::default() };
    }

    fn add(&mut self, part: Part) -> Result<Option<Message>, Error> {
        if self.begun.as_ref().is_some_and(|(delivery, _)| *delivery != part.delivery_id) {
            self.end()?;
        }
        if part.failure.is_some() || part.skipped.is_some() {
            self.begun = None;
            self.delivery.undelivered.push(part);
            return Ok(None);
        }
        if let Some(start) = part.start {
            self.end()?;
            self.begun = Some((part.delivery_id, start));
            self.data.clear();
        }
        let begun = self.begun.take_if(|(delivery, _)| *delivery == part.delivery_id);
        let (delivery_id, start) = begun.ok_or_else(|| Error::integrity("a part of a message that has not begun"))?;
        // A small message is a single part, and is not copied.
        let data = if self.data.is_empty() && part.end.is_some() {
            part.data
        } else {
            self.data.extend_from_slice(&part.data);
            Bytes::new()
        };
        match part.end {
            None => self.begun = Some((delivery_id, start)),
            Some(end) => {
                let data = if self.data.is_empty() { data } else { self.data.split().freeze() };
                return whole(delivery_id, start, data, end).map(Some);
            }
        }
        Ok(None)
    }
}

fn whole(delivery_id: u64, start: PartStart, data: Bytes, end: PartEnd) -> Result<Message, Error> {
    check(data.len() as i64, crc32fast::hash(&data), end.octets, end.crc32)?;
    Ok(Message {
        delivery_id,
        number: start.message_number,
        id_kind: start.id_kind(),
        unique_id: start.unique_id,
        data,
        sha256: end.sha256,
    })
}

/// The messages that [`Client::fetch`](crate::Client::fetch) asked for. None is deleted. Dropping it gives the rest up.
///
/// It is a `Stream` as well.
pub struct Fetch {
    assembly: Assembly,
    stream: Option<Streaming<FetchMessagesResponse>>,
}

impl Fetch {
    pub(crate) fn new(stream: Streaming<FetchMessagesResponse>) -> Self {
        Self { assembly: Assembly::default(), stream: Some(stream) }
    }

    /// Waits for the next message; `None` at the end, and after an error. It is cancel safe.
    pub async fn next(&mut self) -> Result<Option<Message>, Error> {
        StreamExt::next(self).await.transpose()
    }

    /// What came beside messages, so far.
    pub fn delivery(&self) -> &Delivery {
        &self.assembly.delivery
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        loop {
            if let Some(message) = self.assembly.next_whole()? {
                return Poll::Ready(Ok(Some(message)));
            }
            let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(None)) };
            match ready!(Pin::new(stream).poll_next(cx)).transpose()? {
                Some(response) => self.assembly.take(response.into()),
                None => {
                    self.stream = None;
                    self.assembly.end()?;
                }
            }
        }
    }
}

impl Stream for Fetch {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = ready!(self.poll_message(cx));
        if message.is_err() {
            self.stream = None;
            self.assembly.reset();
        }
        Poll::Ready(message.transpose())
    }
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").field("delivery", self.delivery()).finish_non_exhaustive()
    }
}

impl From<FetchMessagesResponse> for CollectMessagesResponse {
    fn from(response: FetchMessagesResponse) -> Self {
        let FetchMessagesResponse { parts, progress, cursor, summary } = response;
        Self { parts, progress, cursor, summary, ..Default::default() }
    }
}
