//! Webhooks by Standard Webhooks.

use std::time::Duration;

use chaperone_store::DestinationKind;

use super::receiver::WebServer;
use super::{MemoryOutbox, Running, until};
use crate::deliver::webhook::BODY_MAX;
use crate::deliver::webhook::sign::WebhookSecret;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn start(outbox: &MemoryOutbox, server: &WebServer) -> Running {
    Running::start(outbox, DestinationKind::Webhook, &server.url(), Some(SECRET))
}

#[tokio::test]
async fn every_event_arrives_once_in_order_and_signed() {
    let server = WebServer::answering(&["204 No Content"]).await;
    let outbox = MemoryOutbox::with(1..=10);
    let _running = start(&outbox, &server);
    until("all marked", || outbox.marked() == 10).await;
    let requests = server.requests();
    assert_eq!(
        requests.iter().map(|request| request.sequence()).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>()
    );
    let secret: WebhookSecret = SECRET.parse().unwrap();
    for request in &requests {
        let timestamp = request.header("webhook-timestamp").parse().unwrap();
        let signature = secret.signature(request.header("webhook-id"), timestamp, request.body.as_bytes());
        assert_eq!(request.header("webhook-signature"), signature);
        assert_eq!(request.header("content-type"), "application/json");
        assert!(request.body.len() < BODY_MAX);
    }
}

#[tokio::test]
async fn an_error_is_tried_again_with_the_same_id_and_nothing_overtakes() {
    let server = WebServer::answering(&["500 Internal Server Error", "200 OK"]).await;
    let outbox = MemoryOutbox::with(1..=3);
    let _running = start(&outbox, &server);
    until("all marked", || outbox.marked() == 3).await;
    let sequences: Vec<_> = server.requests().iter().map(|request| request.sequence()).collect();
    assert_eq!(sequences, [1, 1, 2, 3]);
    let requests = server.requests();
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    assert_eq!(outbox.failures(), [1]);
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let elsewhere = WebServer::answering(&["200 OK"]).await;
    let answer = format!("302 Found\r\nlocation: {}", elsewhere.url()).leak();
    let server = WebServer::answering(&[answer]).await;
    let outbox = MemoryOutbox::with(1..=1);
    let running = start(&outbox, &server);
    until("a failure", || running.gauge.read().fault.is_some_and(|why| why.contains("302"))).await;
    assert_eq!((outbox.marked(), elsewhere.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled() {
    let server = WebServer::answering(&["200 OK", "410 Gone"]).await;
    let outbox = MemoryOutbox::with(1..=3);
    let running = start(&outbox, &server);
    running.ended().await;
    assert!(outbox.disabled().unwrap().contains("410"));
    assert_eq!((outbox.marked(), server.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept_whatever_the_news() {
    let server = WebServer::answering(&["503 Service Unavailable\r\nretry-after: 1", "200 OK"]).await;
    let outbox = MemoryOutbox::with(1..=1);
    let start_time = std::time::Instant::now();
    let running = start(&outbox, &server);
    until("the first try", || server.requests().len() == 1).await;
    outbox.push(2);
    running.tell();
    until("all marked", || outbox.marked() == 2).await;
    assert!(start_time.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_receiver_that_is_down_gets_everything_once_it_is_up() {
    let server = WebServer::answering(&["200 OK"]).await;
    let address = server.address;
    let outbox = MemoryOutbox::with(1..=5);
    let url = server.url();
    drop(server);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let running = Running::start(&outbox, DestinationKind::Webhook, &url, Some(SECRET));
    until("a failure is known", || running.gauge.read().failing_since.is_some()).await;
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    drop(listener);
    assert_eq!(outbox.marked(), 0);
    assert!(running.gauge.read().fault.unwrap().contains("no answer"));
}
