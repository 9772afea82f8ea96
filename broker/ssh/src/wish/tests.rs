//! Clients that ask for anything, of any length: what is made of it is bounded and plain, whatever they send.

use chaperone_policy::Access;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use russh::{Channel, Pty, client};

use super::*;
use crate::connection::{ENVIRONMENT_BYTES, VARIABLE_BYTES, VARIABLES};
use crate::pair::Pair;

/// Requests of one channel, and how many channels are tried.
const CHANNELS: usize = 64;

/// What a client asks for on one channel before it starts something.
#[derive(Clone, Debug)]
struct Asked {
    variables: Vec<(String, String)>,
    terminal: Option<(String, [u32; 4], Vec<u32>)>,
    command: Option<Vec<u8>>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let text = || prop_oneof!["[A-Z_]{1,12}", "(?s:.){0,80}", "\\PC{0,5000}"];
    let variables = prop::collection::vec((text(), text()), 0..120);
    // Beyond 130 modes the library ends the connection: see the hostile clients of the scenarios.
    let modes = prop::collection::vec(any::<u32>(), 0..120);
    let terminal = prop::option::of((text(), any::<[u32; 4]>(), modes));
    let command = prop_oneof![
        Just(None),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Some),
        (0..COMMAND_BYTES + 64).prop_map(|long| Some(vec![b'x'; long])),
    ];
    (variables, terminal, command).prop_map(|(variables, terminal, command)| Asked {
        variables,
        terminal,
        command,
    })
}

async fn ask(channel: &Channel<client::Msg>, asked: Asked) {
    for (name, value) in asked.variables {
        channel.set_env(false, name, value).await.unwrap();
    }
    if let Some((name, [columns, rows, width, height], modes)) = asked.terminal {
        let modes: Vec<(Pty, u32)> = modes.into_iter().map(|value| (Pty::VINTR, value)).collect();
        channel.request_pty(false, &name, columns, rows, width, height, &modes).await.unwrap();
    }
    match asked.command {
        Some(command) => channel.exec(false, command).await.unwrap(),
        None => channel.request_shell(false).await.unwrap(),
    }
}

#[tokio::test]
async fn whatever_a_client_asks_for_is_bounded_and_plain() {
    let mut pair = Pair::connect().await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..CHANNELS {
        let wanted = asked().new_tree(&mut runner).unwrap().current();
        let (channel, there) = pair.channel().await;
        let (mut read, _write) = there.split();
        let asking = ask(&channel, wanted.clone());
        let (wish, ()) = tokio::join!(Wish::read(&mut read), asking);
        let wish = wish.expect("it starts something");
        assert!(wish.environment.len() <= VARIABLES);
        assert!(wish.environment.iter().all(|(name, value)| name.len() + value.len() <= VARIABLE_BYTES));
        if let Some(terminal) = &wish.terminal {
            assert!(
                terminal.name.len() <= 64 && terminal.name.chars().all(|letter| letter.is_ascii_graphic())
            );
            assert!(
                terminal.modes.len() <= MODES && terminal.size.columns <= 1000 && terminal.size.rows <= 1000
            );
        }
        match (&wanted.command, &wish.what) {
            (None, What::Shell) => assert_eq!(wish.access(), [Access::Shell]),
            (Some(command), What::Exec(kept)) => assert_eq!(command, kept, "what runs is what was asked for"),
            (Some(command), What::TooLong) => assert!(command.len() > COMMAND_BYTES),
            other => panic!("{other:?}"),
        }
        // What the recording is told reads back as it was told.
        let event = wish.event().to_string();
        assert_eq!(serde_json::from_str::<Value>(&event).unwrap(), wish.event());
        channel.close().await.unwrap();
    }
}

#[test]
fn the_opening_of_any_wish_is_one_event_of_its_recording() {
    let longest = ENVIRONMENT_BYTES / (VARIABLE_BYTES / 2);
    let variables = (0..longest).map(|_| (String::new(), "\u{1}".repeat(VARIABLE_BYTES / 2)));
    let environment: Vec<_> = variables.collect();
    let command = |length: usize, byte: u8, last: u8| [vec![byte; length - 1], vec![last]].concat();
    let mut taken = Vec::new();
    for (length, byte, last) in [
        (COMMAND_BYTES, b'x', b'x'),
        (COMMAND_BYTES, b'"', b'"'),
        (COMMAND_BYTES, 1, 1),
        (COMMAND_BYTES, 1, 0xff),
        (COMMAND_BYTES, 0xff, 0xff),
        (COMMAND_BYTES / 8, 1, 0xff),
    ] {
        let what = What::Exec(command(length, byte, last));
        let wish = Wish { environment: environment.clone(), terminal: None, what }.bounded();
        assert!(wish.event().to_string().len() <= EVENT_BYTES, "{length} of {byte:#x}");
        taken.push(wish.what != What::TooLong);
    }
    assert_eq!(taken, [true, true, true, false, true, true]);
}
