//! One `direct-tcpip` channel (RFC 4254 §7.2): a forward to an endpoint that the target declares, or a refusal. The open
//! is answered only when the connection stands: nothing passes before it is recorded.

mod endpoint;

use std::sync::Arc;
use std::time::Duration;

use chaperone_session::{Direction, Gate, NoPassage, Passage, Relay, RelayEnd, Stream};
use russh::server::{ChannelOpenHandle, Handle, Msg};
use russh::{Channel, ChannelOpenFailure};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::endpoint::{EndpointSink, EndpointSource, halves};
use crate::admission::Verdict;
use crate::connection::Refusals;
use crate::leg::{ClientSink, ClientSource};
use crate::place::Place;

/// How long an endpoint that takes no more may go on to be heard.
const LAST_OUTPUT: Duration = Duration::from_secs(10);

/// A forward that a client asks for.
pub(crate) struct Asked {
    pub channel: Channel<Msg>,
    pub reply: ChannelOpenHandle,
    pub place: Place,
}

/// What the connection lends it.
pub(crate) struct Lent {
    pub gate: Gate,
    pub handle: Handle,
    pub verdict: watch::Receiver<Verdict>,
    pub refusals: Arc<Refusals>,
}

/// Serves one forward, from its open to its close.
pub(crate) async fn run(asked: Asked, mut lent: Lent) {
    let Asked { channel, reply, place } = asked;
    let Some(session) = Verdict::session(&mut lent.verdict).await else {
        // Refused, and a fact already; or the connection is gone.
        return reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
    };
    let opened = lent.gate.open_forward(&session, &place.host, place.port, place.event()).await;
    let passage = match opened {
        Ok(passage) => passage,
        Err(NoPassage::Undeclared) => {
            lent.refusals.refuse("direct-tcpip", place.refused("not declared"));
            return reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        }
        Err(NoPassage::Refused(_)) => {
            lent.refusals.counts_one();
            return reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        }
    };
    let (stream, cord) = match passage.reach().await {
        Ok(reached) => reached,
        Err(error) => {
            passage.failed(&lent.gate, &error).await;
            return reply.reject(ChannelOpenFailure::ConnectFailed).await;
        }
    };
    let (source, sink) = halves(stream, passage.session().flow());
    reply.accept().await;
    let (read, write) = channel.split();
    let client = ClientSink { write, handle: lent.handle };
    let end = relay(&passage, (ClientSource::of(read, Stream::ForwardIn), &client), (source, &sink)).await;
    let finished = matches!(end, RelayEnd::Closed);
    if finished {
        // The endpoint may have ended already.
        drop(sink.finish().await);
    }
    // The close may find its connection gone: that is what it asks for.
    drop(client.write.close().await);
    if passage.was_refused() {
        lent.refusals.counts_one();
    }
    passage.over(&lent.gate, &cord, finished).await;
}

/// Relays until both ends have finished, the client has closed the channel, a leg breaks, or the session is cut.
async fn relay(
    passage: &Passage,
    (from_client, client): (ClientSource, &ClientSink),
    (from_endpoint, endpoint): (EndpointSource, &EndpointSink),
) -> RelayEnd {
    let session = passage.session();
    let (from_client, from_endpoint) = (passage.watches(from_client), passage.watches(from_endpoint));
    let input = Relay {
        session,
        channel: passage.channel(),
        direction: Direction::Input,
        source: from_client,
        sink: endpoint,
        terminal: None,
        lost: false,
    };
    let output = Relay {
        session,
        channel: passage.channel(),
        direction: Direction::Output,
        source: from_endpoint,
        sink: client,
        terminal: None,
        lost: false,
    };
    let (output, input) = (output.run(), input.run());
    tokio::pin!(output, input);
    let (mut told_all, mut takes) = (false, true);
    let mut until = None;
    loop {
        tokio::select! {
            biased;
            () = passage.is_refused() => return RelayEnd::Broken,
            end = &mut output, if !told_all => match end {
                // It has broken off: what the client might still say reaches nobody, and the client is to know.
                RelayEnd::Closed if endpoint.is_broken() => return RelayEnd::Broken,
                // The endpoint has said its last; the client may go on, if it is heard.
                RelayEnd::Closed if takes => told_all = true,
                end => return end,
            },
            end = &mut input, if takes => match end {
                // The endpoint takes no more; what it has said already goes on.
                RelayEnd::Broken if !told_all => {
                    takes = false;
                    until = Some(Instant::now() + LAST_OUTPUT);
                }
                // The client has closed the channel, whatever the endpoint has left to say.
                end => return end,
            },
            () = endpoint.finished(), if told_all => return RelayEnd::Closed,
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return RelayEnd::Broken,
        }
    }
}

impl Place {
    /// What is recorded of it.
    fn event(&self) -> Value {
        json!({ "host": self.host, "port": self.port, "originator": self.originator })
    }

    /// What a refusal's fact says of it.
    pub(crate) fn refused(&self, why: &str) -> Value {
        json!({ "host": self.host, "port": self.port, "why": why })
    }
}
