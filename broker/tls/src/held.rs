//! Input that is recorded and still waits for a server's room when input begins to wait: what has not gone then goes on when
//! input flows again.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use chaperone_session::{Broken, Flow, flows, input_flows};
use tokio::sync::watch;

/// Writes these bytes with `poll`, which takes off what has gone and is ready once nothing of it waits; with a flow, only while
/// input flows.
pub(crate) async fn while_it_flows<P>(
    flow: Option<&watch::Receiver<Flow>>,
    bytes: &[u8],
    mut poll: P,
) -> Result<(), Broken>
where
    P: FnMut(&mut Context<'_>, &mut &[u8]) -> Poll<io::Result<()>>,
{
    let mut rest = bytes;
    let Some(flow) = flow else {
        return poll_fn(|cx| poll(cx, &mut rest)).await.map_err(|_| Broken);
    };
    loop {
        input_flows(flow).await?;
        let gone = poll_fn(|cx| match flows(flow) {
            true => poll(cx, &mut rest).map_ok(|()| true),
            false => Poll::Ready(Ok(false)),
        });
        if gone.await.map_err(|_| Broken)? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use chaperone_session::EndReason;
    use tokio::io::{AsyncReadExt, AsyncWrite, duplex};

    use super::*;

    #[tokio::test]
    async fn what_waits_for_a_servers_room_does_not_go_on_in_a_pause() {
        const ROOM: usize = 1000;
        let (mut near, mut far) = duplex(ROOM);
        let flow = watch::Sender::new(Flow::Open);
        let seen = flow.subscribe();
        let sent: Vec<u8> = (0..=u8::MAX).cycle().take(3 * ROOM).collect();
        let writing = while_it_flows(Some(&seen), &sent, |cx, rest| {
            while !rest.is_empty() {
                let count = futures::ready!(Pin::new(&mut near).poll_write(cx, rest))?;
                *rest = &rest[count..];
            }
            Poll::Ready(Ok(()))
        });
        let mut writing = std::pin::pin!(writing);
        assert!(futures::poll!(&mut writing).is_pending(), "the server reads nothing, and has no more room");
        let mut got = vec![0; 3 * ROOM];
        for held in [Flow::Paused, Flow::Frozen, Flow::Cut(EndReason::Stopped)] {
            flow.send_replace(held);
            if held == Flow::Paused {
                far.read_exact(&mut got[..ROOM]).await.unwrap();
            }
            assert!(futures::poll!(&mut writing).is_pending(), "{held:?}");
            assert!(
                futures::poll!(std::pin::pin!(far.read_u8())).is_pending(),
                "there is room, and nothing may go"
            );
        }
        flow.send_replace(Flow::Open);
        let (written, read) = tokio::join!(writing, far.read_exact(&mut got[ROOM..]));
        assert_eq!((written, read.unwrap(), got == sent), (Ok(()), 2 * ROOM, true));
    }
}
