//! Syslog over TCP.

use chaperone_store::DestinationKind;
use jiff::{SignedDuration, Timestamp};

use super::receiver::Collector;
use super::{MemoryOutbox, Running, until};

fn start(outbox: &MemoryOutbox, collector: &Collector) -> Running {
    Running::start(outbox, DestinationKind::Syslog, &collector.url(), None)
}

#[tokio::test]
async fn everything_arrives_in_order_and_is_marked() {
    let collector = Collector::listen("127.0.0.1:0").await;
    let outbox = MemoryOutbox::with(1..=300);
    let _running = start(&outbox, &collector);
    until("all marked", || outbox.marked() == 300).await;
    until("all arrived", || collector.sequences() == (1..=300).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn a_receiver_that_was_down_gets_everything_in_order_within_a_second_of_coming_up() {
    let first = Collector::listen("127.0.0.1:0").await;
    let address = first.address.to_string();
    let url = first.url();
    drop(first);
    let outbox = MemoryOutbox::with(1..=20);
    let running = Running::start(&outbox, DestinationKind::Syslog, &url, None);
    until("a failure is known", || running.gauge.read().failing_since.is_some()).await;
    assert_eq!(outbox.marked(), 0);
    let collector = Collector::listen(&address).await;
    let up = std::time::Instant::now();
    until("all arrived", || collector.sequences() == (1..=20).collect::<Vec<_>>()).await;
    assert!(up.elapsed() < std::time::Duration::from_secs(3));
    until("the line is known to be up", || running.gauge.read().failing_since.is_none()).await;
}

#[tokio::test]
async fn news_are_sent_at_once() {
    let collector = Collector::listen("127.0.0.1:0").await;
    let outbox = MemoryOutbox::default();
    let running = start(&outbox, &collector);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    outbox.push(1);
    let told = std::time::Instant::now();
    running.tell();
    until("arrived", || collector.sequences() == [1]).await;
    assert!(told.elapsed() < std::time::Duration::from_millis(500));
}

#[tokio::test]
async fn a_new_connection_repeats_the_last_minute_under_the_same_numbers() {
    let first = Collector::listen("127.0.0.1:0").await;
    let address = first.address.to_string();
    let outbox = MemoryOutbox::with(1..=4);
    let now = Timestamp::now();
    for (sequence, seconds) in [(1, 300), (2, 62), (3, 59)] {
        outbox.mark(sequence, now - SignedDuration::from_secs(seconds));
    }
    outbox.mark(4, now);
    let running = start(&outbox, &first);
    until("the last minute", || first.sequences() == [3, 4]).await;
    outbox.push(5);
    running.tell();
    until("the next", || first.sequences() == [3, 4, 5]).await;
    // The collector goes away while nothing is sent: noticed without a write, and the minute is repeated at once.
    drop(first);
    let second = Collector::listen(&address).await;
    until("the last minute again", || second.sequences() == [3, 4, 5]).await;
}

#[tokio::test]
async fn a_crash_between_send_and_mark_sends_again() {
    let collector = Collector::listen("127.0.0.1:0").await;
    let outbox = MemoryOutbox::with(1..=3);
    outbox.refuse_marks(true);
    let running = start(&outbox, &collector);
    until("sent, not marked", || collector.sequences().starts_with(&[1, 2, 3])).await;
    drop(running);
    assert_eq!(outbox.marked(), 0);
    outbox.refuse_marks(false);
    let again = Collector::listen("127.0.0.1:0").await;
    let _running = start(&outbox, &again);
    until("sent again", || again.sequences() == [1, 2, 3]).await;
    until("and marked", || outbox.marked() == 3).await;
}

#[tokio::test]
async fn a_datagram_carries_one_message() {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let outbox = MemoryOutbox::with(1..=2);
    let url = format!("udp://{}", socket.local_addr().unwrap());
    let _running = Running::start(&outbox, DestinationKind::Syslog, &url, None);
    let mut datagram = vec![0; 9_000];
    for sequence in 1..=2 {
        let length = socket.recv(&mut datagram).await.unwrap();
        let text = std::str::from_utf8(&datagram[..length]).unwrap();
        assert!(text.starts_with("<86>1 ") && text.contains(&format!("sequence=\"{sequence}\"")));
    }
}
