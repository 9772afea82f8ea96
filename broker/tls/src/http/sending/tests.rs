use bytes::Bytes;
use http::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::*;
use crate::http::body::{Batch, Outgoing, Passed};

/// Far longer than a step, so that a busy machine changes nothing.
const WITHIN: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(100);

/// How long it takes until a request is overdue.
async fn overdue(sending: &Sending, flow: watch::Receiver<Flow>) -> Duration {
    let began = Instant::now();
    timeout(10 * WITHIN, sending.overdue(WITHIN, flow)).await.unwrap();
    began.elapsed()
}

/// A target that reads a request to its end, and answers it so long after that.
async fn reads_all(mut stream: DuplexStream, takes: Duration) {
    let mut all = Vec::new();
    while !all.ends_with(b"0\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut all).await.unwrap(), 0);
    }
    sleep(takes).await;
    // It may have been given up.
    drop(stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await);
    drop(stream.read_buf(&mut all).await);
}

/// Sends an upload piece by piece for longer than an answer may take. Returns whether it was answered before it was overdue.
async fn uploads(takes: Duration) -> bool {
    let (ours, theirs) = tokio::io::duplex(1024);
    tokio::spawn(reads_all(theirs, takes));
    let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
    tokio::spawn(connection);
    let (to, from) = mpsc::channel(1);
    let sending = Sending::begins();
    let moves = Arc::clone(&sending);
    tokio::spawn(async move {
        let began = Instant::now();
        while began.elapsed() < WITHIN + 5 * STEP {
            sleep(STEP).await;
            let passed = Passed::page(Bytes::from_static(b"a piece"));
            to.send(Batch::Data { passed, last: false }).await.unwrap();
            moves.moved();
        }
        to.send(Batch::End).await.unwrap();
        moves.ended();
    });
    let request = Request::builder().method("PUT").uri("/image").header("host", "console");
    let answer = sender.send_request(request.body(Outgoing::flows(from, None)).unwrap());
    let flow = watch::Sender::new(Flow::Open);
    tokio::select! {
        answer = answer => answer.unwrap().status() == 201,
        () = sending.overdue(WITHIN, flow.subscribe()) => false,
    }
}

#[tokio::test]
async fn an_upload_takes_as_long_as_it_takes_and_its_answer_no_longer_than_it_may() {
    let (soon, late) = tokio::join!(uploads(STEP), uploads(2 * WITHIN));
    assert!(soon && !late, "{soon} {late}");
}

#[tokio::test]
async fn the_time_runs_from_the_last_that_went_on() {
    let flow = watch::Sender::new(Flow::Open);
    let (sending, ends) = (Sending::begins(), Sending::begins());
    let moving = async {
        sleep(10 * STEP).await;
        ends.moved();
        sleep(10 * STEP).await;
        ends.ended();
    };
    let (nothing, some, ()) =
        tokio::join!(overdue(&sending, flow.subscribe()), overdue(&ends, flow.subscribe()), moving);
    assert!(nothing >= WITHIN && nothing < WITHIN + 10 * STEP, "a target that takes nothing: {nothing:?}");
    assert!(some >= WITHIN + 20 * STEP, "{some:?}");
}

#[tokio::test]
async fn it_stands_while_input_is_paused_unless_all_of_the_request_is_there() {
    let flow = watch::Sender::new(Flow::Paused);
    let pausing = async {
        sleep(WITHIN + 5 * STEP).await;
        flow.send_replace(Flow::Open);
    };
    let (sending, whole) = (Sending::begins(), Sending::begins());
    whole.ended();
    let (waited, has_all, ()) =
        tokio::join!(overdue(&sending, flow.subscribe()), overdue(&whole, flow.subscribe()), pausing);
    assert!(waited >= 2 * WITHIN + 5 * STEP, "{waited:?}");
    assert!(has_all < 2 * WITHIN, "it may answer: {has_all:?}");
}

#[test]
fn why_a_request_was_lost_is_what_happened_first() {
    let sending = Sending::begins();
    assert_eq!(sending.why_lost(), None);
    sending.lost(Lost::Slow);
    sending.lost(Lost::Over);
    assert_eq!(sending.why_lost(), Some(Lost::Slow));
}
