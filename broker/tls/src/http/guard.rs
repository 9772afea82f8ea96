//! Watches what a peer sends on an HTTP/1 connection, before the HTTP library reads it: follows the framing, and ends the
//! connection at the first thing that could be read in two ways (RFC 9112 §11.2). The library would mend most of them in
//! silence; here it is somebody's attempt, and a fact.
//!
//! ```text
//!   client ─▶ Asking: head ─▶ length | chunks | nothing ─▶ head …        target ─▶ Answering: head, once for each request
//! ```

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::head::{self, Ambiguity, Body};
use super::limits;

/// Longest line of a chunk's size with its extensions, and longest trailers, in bytes.
const CHUNK_LINE: usize = 256;
const TRAILERS: usize = 8 * 1024;

/// Follows what comes, piece by piece.
pub(super) trait Follow: Send + Unpin {
    /// Takes the next piece.
    fn follow(&mut self, piece: &[u8]) -> Result<(), Ambiguity>;
}

/// What the guard has found, and whether it looks at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    fault: Arc<OnceLock<Ambiguity>>,
    /// The connection speaks another protocol from here on, or an answer is due.
    signal: Arc<AtomicBool>,
    /// Something of a head has come, and not all of it.
    in_head: Arc<AtomicBool>,
}

impl Found {
    /// What ended the connection, if it was that.
    pub(super) fn fault(&self) -> Option<Ambiguity> {
        self.fault.get().copied()
    }

    /// Whether a head had begun when the connection ended.
    pub(super) fn in_head(&self) -> bool {
        self.in_head.load(Ordering::Acquire)
    }

    /// Whether it was signalled.
    pub(super) fn is_signalled(&self) -> bool {
        self.signal.load(Ordering::Acquire)
    }

    /// Of requests: what comes next is HTTP no more. Of answers: a request goes out, and an answer is due.
    pub(super) fn signal(&self) {
        self.signal.store(true, Ordering::Release);
    }
}

/// A stream whose incoming bytes are followed.
pub(super) struct Guarded<S, F> {
    stream: S,
    follows: F,
    found: Found,
}

impl<S> Guarded<S, Asking> {
    /// Watches requests.
    pub(super) fn asking(stream: S) -> (Self, Found) {
        let found = Found::default();
        let (other, in_head) = (Arc::clone(&found.signal), Arc::clone(&found.in_head));
        let follows = Asking { state: Asked::start(), other, in_head };
        (Self { stream, follows, found: found.clone() }, found)
    }
}

impl<S> Guarded<S, Answering> {
    /// Watches answers.
    pub(super) fn answering(stream: S) -> (Self, Found) {
        let found = Found::default();
        let follows = Answering { head: None, due: Arc::clone(&found.signal) };
        (Self { stream, follows, found: found.clone() }, found)
    }
}

impl<S, F> Guarded<S, F> {
    pub(super) fn into_stream(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin, F: Follow> AsyncRead for Guarded<S, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(fault) = self.found.fault() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault)));
        }
        let before = out.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, out))?;
        let piece = out.filled().get(before..).unwrap_or_default();
        if let Err(fault) = self.follows.follow(piece) {
            out.set_filled(before);
            let _known_already = self.found.fault.set(fault);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, F: Unpin> AsyncWrite for Guarded<S, F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.found.fault().is_some() {
            // Whoever takes the stream back says why first.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Follows requests, one after the other.
pub(super) struct Asking {
    state: Asked,
    other: Arc<AtomicBool>,
    in_head: Arc<AtomicBool>,
}

enum Asked {
    Head(Vec<u8>),
    Length(u64),
    ChunkLine(Vec<u8>),
    Chunk(u64),
    ChunkEnd(Vec<u8>),
    Trailers(Vec<u8>),
}

impl Asked {
    fn start() -> Self {
        Self::Head(Vec::new())
    }

    fn after(body: Body) -> Self {
        match body {
            Body::Length(length) if length > 0 => Self::Length(length),
            Body::Chunked => Self::ChunkLine(Vec::new()),
            Body::Length(_) | Body::Unsaid => Self::start(),
        }
    }

    /// Takes what belongs to this state. Returns the next one with what is left.
    fn take(self, piece: &[u8]) -> Result<(Self, &[u8]), Ambiguity> {
        match self {
            Self::Head(mut held) => {
                let piece = skip_empty_lines(&mut held, piece);
                match until(&mut held, piece, b"\r\n\r\n", limits::HEAD_BYTES)? {
                    Some(rest) => Ok((Self::after(head::request(&held)?.body), rest)),
                    None => Ok((Self::Head(held), &[])),
                }
            }
            Self::Length(left) => Ok(pass(left, piece, Self::Length, Self::start)),
            Self::ChunkLine(mut held) => match until(&mut held, piece, b"\r\n", CHUNK_LINE)? {
                Some(rest) => match chunk_size(&held)? {
                    0 => Ok((Self::Trailers(Vec::new()), rest)),
                    size => Ok((Self::Chunk(size), rest)),
                },
                None => Ok((Self::ChunkLine(held), &[])),
            },
            Self::Chunk(left) => Ok(pass(left, piece, Self::Chunk, || Self::ChunkEnd(Vec::new()))),
            Self::ChunkEnd(mut held) => match until(&mut held, piece, b"\r\n", 2)? {
                Some(rest) if held == b"\r\n" => Ok((Self::ChunkLine(Vec::new()), rest)),
                Some(_) => Err(Ambiguity::Chunk),
                None => Ok((Self::ChunkEnd(held), &[])),
            },
            Self::Trailers(mut held) => match until(&mut held, piece, b"\r\n", TRAILERS)? {
                Some(rest) if last_line(&held) == b"\r\n" => {
                    head::trailers(&held)?;
                    Ok((Self::start(), rest))
                }
                Some(rest) => Ok((Self::Trailers(held), rest)),
                None => Ok((Self::Trailers(held), &[])),
            },
        }
    }
}

impl Follow for Asking {
    fn follow(&mut self, mut piece: &[u8]) -> Result<(), Ambiguity> {
        while !piece.is_empty() && !self.other.load(Ordering::Acquire) {
            let state = std::mem::replace(&mut self.state, Asked::start());
            (self.state, piece) = state.take(piece)?;
        }
        let in_head = matches!(&self.state, Asked::Head(held) if !held.is_empty());
        self.in_head.store(in_head, Ordering::Release);
        Ok(())
    }
}

/// Follows the heads of answers. What follows a head is the library's matter: it takes no second answer to one request.
pub(super) struct Answering {
    /// What has come of a head.
    head: Option<Vec<u8>>,
    due: Arc<AtomicBool>,
}

impl Follow for Answering {
    fn follow(&mut self, mut piece: &[u8]) -> Result<(), Ambiguity> {
        if self.due.swap(false, Ordering::AcqRel) {
            self.head = Some(Vec::new());
        }
        while let Some(held) = self.head.as_mut() {
            let Some(rest) = until(held, piece, b"\r\n\r\n", limits::HEAD_BYTES)? else { break };
            piece = rest;
            let interim = head::answer(held)?.status.is_some_and(|status| status != 101 && status < 200);
            // Another head follows one that says only that it takes a while (RFC 9110 §15.2).
            self.head = interim.then(Vec::new);
        }
        Ok(())
    }
}

/// Adds to what is held until it ends with `end`; then returns what is left of the piece.
fn until<'p>(
    held: &mut Vec<u8>,
    piece: &'p [u8],
    end: &[u8],
    most: usize,
) -> Result<Option<&'p [u8]>, Ambiguity> {
    for (n, byte) in piece.iter().enumerate() {
        if held.len() >= most {
            return Err(Ambiguity::TooLarge);
        }
        held.push(*byte);
        if *byte == b'\n' && held.ends_with(end) {
            return Ok(Some(piece.get(n + 1..).unwrap_or_default()));
        }
        // Lines that end otherwise would hide the end of the head.
        let bare = *byte == b'\n' && held.len() >= 2 && held.get(held.len() - 2) != Some(&b'\r');
        if bare {
            return Err(Ambiguity::LineEnd);
        }
    }
    Ok(None)
}

/// The last line of what is held, which ends with CR LF.
fn last_line(held: &[u8]) -> &[u8] {
    let before = held.get(..held.len().saturating_sub(2)).unwrap_or_default();
    let begins = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    held.get(begins..).unwrap_or_default()
}

/// An empty line before a request line means nothing (RFC 9112 §2.2).
fn skip_empty_lines<'p>(held: &mut Vec<u8>, mut piece: &'p [u8]) -> &'p [u8] {
    loop {
        let rest = match held.as_slice() {
            [] => piece.strip_prefix(b"\r\n"),
            b"\r" => piece.strip_prefix(b"\n"),
            _ => None,
        };
        let Some(rest) = rest else { return piece };
        held.clear();
        piece = rest;
    }
}

/// Lets so many bytes pass.
fn pass(
    left: u64,
    piece: &[u8],
    goes_on: impl FnOnce(u64) -> Asked,
    over: impl FnOnce() -> Asked,
) -> (Asked, &[u8]) {
    let here = u64::try_from(piece.len()).unwrap_or(u64::MAX);
    if here < left {
        return (goes_on(left - here), &[]);
    }
    let taken = usize::try_from(left).unwrap_or(piece.len());
    (over(), piece.get(taken..).unwrap_or_default())
}

/// The size in a chunk's first line, with its end (RFC 9112 §7.1). Extensions mean nothing to anybody here.
fn chunk_size(line: &[u8]) -> Result<u64, Ambiguity> {
    let line = line.strip_suffix(b"\r\n").ok_or(Ambiguity::Chunk)?;
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let sound = !digits.is_empty() && digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit);
    let clean = line.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control());
    let digits = std::str::from_utf8(digits).ok().filter(|_| sound && clean);
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or(Ambiguity::Chunk)
}

#[cfg(test)]
mod tests;
