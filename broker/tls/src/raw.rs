//! One connection of raw TLS, from the client's proof to its end: a channel of the visit, the leg to the target, and both
//! directions recorded before they go on.

use std::time::Duration;

use chaperone_session::{
    Cord, DialError, Direction, Gate, Leg, NoPassage, Passage, Relay, RelayEnd, Severable, SeverableWriter,
    Stream,
};
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_rustls::server::TlsStream;

use crate::leg::{LegSink, LegSource, halves};
use crate::names::Meant;
use crate::protocols::{Offer, Protocols};
use crate::target::{WAITING_BYTES, secure_as};
use crate::visit::{CONNECTIONS, Visit};

/// How long an end that takes no more may go on to be heard.
const LAST_OUTPUT: Duration = Duration::from_secs(10);

/// A client whose person is proven.
pub(crate) struct Client {
    pub stream: TlsStream<Severable>,
    pub cord: Cord,
    pub meant: Meant,
    /// The protocols that it offered, and the one that it was answered.
    pub offer: Offer,
    /// What is recorded of it.
    pub about: Value,
}

/// Serves one connection of a visit to its end.
pub(crate) async fn serve(gate: &Gate, protocols: &Protocols, client: Client, visit: Visit) {
    let goodbye = Box::new(|_| futures::future::ready(()).boxed());
    visit.hang(Leg { name: "client", cord: client.cord.clone(), goodbye });
    // However long it says nothing.
    let _pending = visit.begins();
    let cord = client.cord.clone();
    let ended = relayed(gate, protocols, client, &visit).await;
    if let Some(Ended { arrives: true }) = ended {
        visit.arrives(&cord).await;
    }
    visit.let_go(&cord);
}

/// How a connection ended.
struct Ended {
    /// Whether what is under way to the client may arrive.
    arrives: bool,
}

async fn relayed(gate: &Gate, protocols: &Protocols, client: Client, visit: &Visit) -> Option<Ended> {
    let passage = match open(gate, visit, &client).await {
        Ok(passage) => passage,
        Err(why) => {
            tracing::info!(session.id = %visit.id(), why, "a connection of a visit does not open");
            return None;
        }
    };
    let Client { stream, offer, .. } = client;
    match passage.way() {
        // Boxed, as the ways that a connection does not go: its task would have room for all of them for as long as it lives.
        Some(way) => match Box::pin(secure_as(way, protocols, &offer)).await {
            Ok(secured) => {
                let channel = Some(passage.channel().number());
                way.connected(gate, channel, &secured.cord, secured.about).await;
                let raw = secured.stream.get_ref().0.writer();
                let mut leg = secured.stream;
                leg.get_mut().1.set_buffer_limit(Some(WAITING_BYTES));
                Some(Box::pin(carry(gate, passage, stream, (leg, raw, secured.cord))).await)
            }
            Err(error) => fail(gate, passage, &error).await,
        },
        None => match passage.reach().await {
            Ok((leg, cord)) => {
                passage.connected(gate, &cord);
                let raw = leg.writer();
                Some(Box::pin(carry(gate, passage, stream, (leg, raw, cord))).await)
            }
            Err(error) => fail(gate, passage, &error).await,
        },
    }
}

/// Asks policy for one more connection, and opens its channel.
async fn open(gate: &Gate, visit: &Visit, client: &Client) -> Result<Passage, String> {
    if let Some(beyond) = visit.beyond() {
        if beyond.is_news {
            let what = json!({ "why": "too many connections of one visit", "most": CONNECTIONS });
            gate.channel_refused(Some(visit.session()), "", client.cord.peer(), "tls", what).await;
        }
        return Err("too many connections".to_owned());
    }
    let opened = match &client.meant.endpoint {
        Some(name) => gate.open_named_forward(visit, name.as_str(), client.about.clone()).await,
        None => gate.open_tls(visit, client.about.clone()).await,
    };
    match opened {
        Ok(passage) => Ok(passage),
        Err(NoPassage::Refused(refused)) => Err(refused.text),
        Err(NoPassage::Undeclared) => {
            let what = json!({ "why": "not declared", "asked": client.about });
            gate.channel_refused(Some(visit.session()), "", client.cord.peer(), "tls", what).await;
            Err("the target declares no such endpoint".to_owned())
        }
    }
}

async fn fail(gate: &Gate, passage: Passage, error: &DialError) -> Option<Ended> {
    passage.failed(gate, error).await;
    None
}

/// Relays, and ends the leg to the target in the order in which it ended.
async fn carry<T: AsyncRead + AsyncWrite + Unpin + Send>(
    gate: &Gate,
    passage: Passage,
    mut client: TlsStream<Severable>,
    (target, to_target, cord): (T, SeverableWriter, Cord),
) -> Ended {
    client.get_mut().1.set_buffer_limit(Some(WAITING_BYTES));
    let to_client = client.get_ref().0.writer();
    let (from_client, client) = halves(client, Stream::ForwardIn);
    let (from_target, target) = halves(target, Stream::ForwardOut);
    let target = target.of_input(passage.session().flow());
    let end = relay(&passage, (from_client, &client), (from_target, &target)).await;
    let closed = matches!(end, RelayEnd::Closed);
    if closed {
        // An end that did not say its last is passed on as such: without TLS's own goodbye, and nothing is cut off.
        for (finished, raw) in [(client.is_finished(), &to_client), (target.is_finished(), &to_target)] {
            if !finished {
                // The peer may be gone already.
                drop(raw.finish().await);
            }
        }
    }
    passage.over(gate, &cord, closed).await;
    Ended { arrives: closed }
}

/// Relays until both ends have finished, one has broken off, a leg takes no more, or the session is cut.
async fn relay<C, T>(
    passage: &Passage,
    (from_client, client): (LegSource<C>, &LegSink<C>),
    (from_target, target): (LegSource<T>, &LegSink<T>),
) -> RelayEnd
where
    C: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    let session: &chaperone_session::LiveSession = passage.session();
    let channel = passage.channel();
    let (from_client, from_target) = (passage.watches(from_client), passage.watches(from_target));
    let direction = Direction::Input;
    let input =
        Relay { session, channel, direction, source: from_client, sink: target, terminal: None, lost: false };
    let direction = Direction::Output;
    let output =
        Relay { session, channel, direction, source: from_target, sink: client, terminal: None, lost: false };
    let (output, input) = (output.run(), input.run());
    tokio::pin!(output, input);
    let (mut told_all, mut takes) = (false, true);
    let mut until = None;
    loop {
        tokio::select! {
            biased;
            () = passage.is_refused() => return RelayEnd::Broken,
            end = &mut output, if !told_all => match end {
                // The target has said its last; the client may go on, if it is heard.
                RelayEnd::Closed if takes && client.is_finished() && !target.is_finished() => told_all = true,
                end => return end,
            },
            end = &mut input, if takes => match end {
                // The target takes no more, or the client has said its last: what is left to say goes on.
                RelayEnd::Closed if !told_all && target.is_finished() => takes = false,
                RelayEnd::Broken if !told_all => {
                    takes = false;
                    until = Some(Instant::now() + LAST_OUTPUT);
                }
                end => return end,
            },
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return RelayEnd::Broken,
        }
        if told_all && !takes {
            return RelayEnd::Closed;
        }
    }
}
