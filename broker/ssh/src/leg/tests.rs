use std::time::Duration;

use proptest::prelude::*;
use russh::{Channel, Sig};
use tokio::time::timeout;

use super::*;
use crate::pair::Pair;

fn messages() -> impl Strategy<Value = Vec<ChannelMsg>> {
    let one = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..9).prop_map(|data| ChannelMsg::Data { data: data.into() }),
        2 => (prop::collection::vec(any::<u8>(), 0..9), 0..3_u32)
            .prop_map(|(data, ext)| ChannelMsg::ExtendedData { data: data.into(), ext }),
        2 => Just(()).prop_map(|()| ChannelMsg::Eof),
        1 => any::<u32>().prop_map(|exit_status| ChannelMsg::ExitStatus { exit_status }),
        1 => "(?s:.){0,300}".prop_map(|text| ChannelMsg::ExitSignal {
            signal_name: Sig::Custom(text.clone()),
            core_dumped: false,
            error_message: text,
            lang_tag: String::new(),
        }),
        1 => Just(()).prop_map(|()| ChannelMsg::Success),
        1 => Just(()).prop_map(|()| ChannelMsg::WindowAdjusted { new_size: 7 }),
    ];
    prop::collection::vec(one, 0..30)
}

#[tokio::test]
async fn what_waits_for_the_targets_window_does_not_go_on_in_a_pause() {
    const WINDOW: usize = 2 << 20;
    let mut pair = Pair::connect().await;
    let (near, mut far) = pair.channel().await;
    let (_from_target, write) = near.split();
    let flow = watch::Sender::new(Flow::Open);
    let sink = TargetSink { write: TargetWrite::new(write), flow: flow.subscribe() };
    let sent: Bytes = (0..=u8::MAX).cycle().take(WINDOW + 100_000).collect::<Vec<_>>().into();
    let (all, a_moment) = (sent.len(), Duration::from_millis(500));
    let mut sending = std::pin::pin!(sink.send(sent.clone()));
    assert!(
        timeout(a_moment, &mut sending).await.is_err(),
        "the target reads nothing, and its window is full"
    );
    flow.send_replace(Flow::Paused);
    let mut got = Vec::new();
    let paused = async { tokio::join!(&mut sending, reads(&mut far, &mut got, all)) };
    assert!(timeout(a_moment, paused).await.is_err(), "there is room again, and nothing may go");
    assert_eq!(got.len(), WINDOW, "what there was room for before the pause");
    flow.send_replace(Flow::Open);
    let (sent_all, ()) = tokio::join!(sending, reads(&mut far, &mut got, all));
    assert_eq!((sent_all, got == sent), (Ok(()), true));
}

/// Reads payload until there is so much.
async fn reads(far: &mut Channel<server::Msg>, got: &mut Vec<u8>, all: usize) {
    while got.len() < all {
        match far.wait().await {
            Some(ChannelMsg::Data { data }) => got.extend_from_slice(&data),
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn a_target_may_send_anything_in_any_order(messages in messages()) {
        let sent: Vec<u8> = messages.iter().flat_map(|message| match message {
            ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, ext: STDERR } => data.to_vec(),
            _ => Vec::new(),
        }).collect();
        let mut held = Held::Nothing;
        let (mut passed, mut exited, mut ended) = (Vec::new(), false, 0);
        let closing = [ChannelMsg::Close, ChannelMsg::Close].into_iter().map(Some);
        for message in messages.into_iter().map(Some).chain(closing) {
            let closes = matches!(message, Some(ChannelMsg::Close));
            match held.take(message) {
                Read::Item(Item::Data(stream, data)) => {
                    prop_assert!(matches!(stream, Stream::Output | Stream::Stderr));
                    passed.extend_from_slice(&data);
                }
                Read::Item(Item::Note(SshNote::Eof)) => {
                    prop_assert!(exited || closes, "the end of output went before the exit status");
                    ended += usize::from(closes);
                }
                Read::Item(Item::Note(SshNote::ExitStatus(_))) => exited = true,
                Read::Item(Item::Note(SshNote::ExitSignal { message, .. })) => {
                    prop_assert!(message.chars().count() <= 200 && !message.chars().any(char::is_control));
                    exited = true;
                }
                Read::Item(Item::Note(note)) => prop_assert!(false, "{note:?} from a target"),
                Read::End => prop_assert!(closes),
                Read::Other => {}
            }
        }
        prop_assert_eq!(passed, sent, "every byte, once, in order");
        prop_assert!(ended <= 1);
        prop_assert_eq!(held, Held::Closed);
    }
}
