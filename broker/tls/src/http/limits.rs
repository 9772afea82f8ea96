//! What one peer may take of the gate, whatever it sends (P10). Each bound has its reason; none can be switched off.

use std::time::Duration;

/// Longest head of a request or an answer, in bytes: consoles with large cookies need some ten thousand.
pub const HEAD_BYTES: usize = 64 * 1024;
/// Most fields in a head.
pub const FIELDS: usize = 128;
/// How long a client has for the head of a request, from its first byte or from the end of the one before; so an idle
/// connection that is kept alive is ended after it too.
pub const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// How long a connection may be of no visit: a sign-in page is read by then, and whoever has a link by then opens another.
/// Longer than a head may take, so that one that comes too slowly is told as that.
pub const WITHOUT_VISIT: Duration = Duration::from_secs(90);
/// Requests that are not taken, on one connection of a visit, each a fact; then it ends.
pub const MISSPOKEN: u32 = 100;
/// How long a body may bring nothing while somebody waits for it from a client.
pub const BODY_IDLE: Duration = Duration::from_secs(60);
/// How long a target has to begin its answer, from the last of the request that went on to it: some pages of a console start
/// long work. While input is paused, the time stands.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(300);
/// Streams that a client may have open at once on one HTTP/2 connection (RFC 9113 §5.1.2).
pub const STREAMS: u32 = 100;
/// Streams that were opened and reset before anybody looked at them (rapid reset, CVE-2023-44487): then the connection ends.
pub const PENDING_RESETS: usize = 20;
/// Streams that the gate itself had to reset for what the client did wrong: then the connection ends.
pub const OWN_RESETS: usize = 64;
/// Requests that a client may give up before they are answered, within [`GIVEN_UP_WITHIN`]; then the connection ends. A page
/// that is left gives up some tens.
pub const GIVEN_UP: u32 = 200;
/// See [`GIVEN_UP`].
pub const GIVEN_UP_WITHIN: Duration = Duration::from_secs(10);
/// What a client may send on a stream, and on a connection, before somebody has read it, in bytes: an upload that its target does
/// not take leaves the others of the connection three quarters of it, and requests without a body need none.
pub const STREAM_WINDOW: u32 = 512 * 1024;
/// See [`STREAM_WINDOW`].
pub const CONNECTION_WINDOW: u32 = 2 * 1024 * 1024;
/// What a target may send on a stream of the one HTTP/2 connection that a visit shares, before its client has taken it, in bytes.
pub const TARGET_STREAM_WINDOW: u32 = 256 * 1024;
/// The same on the connection: enough for every transaction, so that clients which take nothing hold up no others. A visit whose
/// clients all do that costs the gate so much memory and no more: 16 MiB.
pub const TARGET_CONNECTION_WINDOW: u32 = 64 * TARGET_STREAM_WINDOW;
/// With so many bytes waiting to be sent on one HTTP/2 stream, nothing more of its answer is taken up. One batch may come on
/// top, so that a stream costs 192 KiB at most, and a connection whose client takes no bytes at all 19 MiB out and
/// [`CONNECTION_WINDOW`] in, until it does not answer a ping either: 80 s. What a stream has the client's leave to send is the
/// client's to say (RFC 9113 §5.2): one that is not read holds up no other as long as the connection's window is not spent.
pub const SEND_BUFFER: usize = 64 * 1024;
/// Answers of one visit whose bodies the clients have not taken, over all of its connections. Each may hold a batch of 128 KiB
/// and a queue of [`BODY_QUEUE`] more, also where its stream's window is shut: 96 MiB together.
pub const UNTAKEN: usize = 256;
/// Largest buffer for what comes on an HTTP/1 connection: a head, or a piece of a body.
pub const READ_BUFFER: usize = 256 * 1024;
/// Transactions of one visit under way at once; more wait, up to [`WAITING`]. Also the most lanes that its recording gets.
pub const TRANSACTIONS: usize = 64;
/// Requests of one visit that wait for their turn; what comes beyond that is answered so, and does not wait.
pub const WAITING: usize = 128;
/// Connections to a target that wait for the next request.
pub const KEPT_ALIVE: usize = 16;
/// Batches of a body that wait between its two ends.
pub const BODY_QUEUE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transaction_has_its_window_on_the_connection_that_they_share() {
        assert_eq!(
            u64::from(TARGET_CONNECTION_WINDOW),
            u64::from(TARGET_STREAM_WINDOW) * TRANSACTIONS as u64
        );
    }
}
