//! The windows of a connection's channels (RFC 4254 §5.2), as both ends keep them: a channel that nobody reads stops when
//! its window is full, and stops no other; nothing of it is lost. The library's own source is patched for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use russh::{ChannelId, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::time::timeout;

use crate::pair::Pair;

/// A channel's window.
const WINDOW: usize = 2 << 20;
/// How long anything may take that nothing holds up.
const SOON: Duration = Duration::from_secs(20);

/// One direction of a channel.
struct Way<S: From<(ChannelId, ChannelMsg)>> {
    to: ChannelWriteHalf<S>,
    from: ChannelReadHalf,
}

/// Sends these and closes, without anybody who reads; a second channel goes on meanwhile. Then reads, as the runner has it.
async fn stops_alone<S>(mut unread: Way<S>, mut beside: Way<S>, pieces: Vec<Bytes>, runner: &mut TestRunner)
where
    S: From<(ChannelId, ChannelMsg)> + Send + Sync + 'static,
{
    let sent: Vec<u8> = pieces.concat();
    let (gone_out, all) = (Arc::<AtomicUsize>::default(), sent.len());
    let (counted, to) = (Arc::clone(&gone_out), unread.to);
    let sending = tokio::spawn(async move {
        for piece in pieces {
            let len = piece.len();
            to.data_bytes(piece).await.unwrap();
            counted.fetch_add(len, Ordering::SeqCst);
        }
        to.eof().await.unwrap();
        to.close().await.unwrap();
        to
    });
    let (mut before, mut same) = (0, 0);
    while same < 30 {
        beside.to.data_bytes(&b"still here"[..]).await.unwrap();
        let mut got = Vec::new();
        while got.len() < 10 {
            match timeout(SOON, beside.from.wait()).await.expect("the other channel goes on") {
                Some(ChannelMsg::Data { data }) => got.extend_from_slice(&data),
                Some(_) => {}
                None => panic!("the other channel has ended"),
            }
        }
        assert_eq!(got, b"still here");
        let now = gone_out.load(Ordering::SeqCst);
        same = if now == before { same + 1 } else { 0 };
        before = now;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(before <= WINDOW, "{before} bytes went out, and nobody took any");
    assert_eq!(before == all, sending.is_finished(), "{before} of {all}");
    let closed = unread.from.closed();
    assert_eq!(
        closed.now_or_never().is_some(),
        before == all,
        "a close is seen before what came ahead of it is taken"
    );
    let mut got = Vec::new();
    let mut ended = false;
    while let Some(message) = timeout(SOON, unread.from.wait()).await.expect("what waited comes") {
        match message {
            ChannelMsg::Data { data } => got.extend_from_slice(&data),
            ChannelMsg::Eof => ended = true,
            ChannelMsg::Close => break,
            _ => {}
        }
        if (0..200_u8).new_tree(runner).unwrap().current() == 0 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    assert!(ended && got == sent, "every byte, once, in order: {} of {all}", got.len());
    sending.await.unwrap();
}

/// Pieces of these sizes, so many bytes in all; each byte says where it stands.
fn pieces(most: usize, all: usize, runner: &mut TestRunner) -> Vec<Bytes> {
    let bytes: Bytes = (0..all).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < all {
        let end = (at + (1..=most).new_tree(runner).unwrap().current()).min(all);
        pieces.push(bytes.slice(at..end));
        at = end;
    }
    pieces
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_nobody_reads_stops_alone_and_loses_nothing() {
    let mut runner = TestRunner::deterministic();
    let mut pair = Pair::connect().await;
    // Large pieces and small ones, beyond a window and within it; up and down.
    for (most, all) in [(100_000, 7 << 20), (9, 60_000), (3000, 3 << 20), (40_000, WINDOW)] {
        for up in [true, false] {
            let (unread, unread_there) = pair.channel().await;
            let (beside, beside_there) = pair.channel().await;
            let sent = pieces(most, all, &mut runner);
            let ((down, up_to), (up_from, down_to)) = (unread.split(), unread_there.split());
            let ((answer, ask), (asked, answer_to)) = (beside.split(), beside_there.split());
            if up {
                let (unread, beside) = (Way { to: up_to, from: up_from }, Way { to: ask, from: asked });
                stops_alone(unread, beside, sent, &mut runner).await;
            } else {
                let unread = Way { to: down_to, from: down };
                stops_alone(unread, Way { to: answer_to, from: answer }, sent, &mut runner).await;
            }
        }
    }
}
