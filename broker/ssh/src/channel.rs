//! One session channel, from its opening to its close: wait for the verdict, ask for this access, start it on the
//! target, relay both directions, say what was captured.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chaperone_session::{
    Captured, ChannelRecorder, Direction, Flow, Gate, LiveSession, Relay, RelayEnd, Sink, Source, Stream,
    Terminal,
};
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::admission::{Verdict, Visit};
use crate::connection::{Ending, Refusals};
use crate::dial::TargetWrite;
use crate::leg::{ClientSink, ClientSource, TargetSink, TargetSource};
use crate::menu::Over;
use crate::note::SshNote;
use crate::scp::{self, Overheard, Scp, Side};
use crate::sftp::{Answers, Requests, Sftp, Stager, ToServer};
use crate::staged;
use crate::teller::Teller;
use crate::waiting::{self, Waited};
use crate::wish::{SFTP, What, Wish};

/// Exit status of a refused attempt (`EX_NOPERM` of sysexits).
const REFUSED: u32 = 77;
/// Exit status when the target cannot be reached (`EX_UNAVAILABLE`).
const UNAVAILABLE: u32 = 69;
/// Exit status when no target was named (`EX_USAGE`).
const USAGE: u32 = 64;
/// Exit status of a channel that the gate cut (`EX_TEMPFAIL`).
const CUT: u32 = 75;

/// What somebody reads who asks for a terminal or a command where there is no SSH server.
const NO_SSH: &str = "This server has no SSH. Reach its declared endpoints with ssh -N -L PORT:NAME:PORT.";

/// What somebody reads who asks for a command that is not started.
const TOO_LONG: &str =
    "This command is too long: a server takes 128 KiB, and fewer of bytes that are no text.";

/// What somebody reads who is shown as many menus as one person is.
const CROWDED: &str = "You are shown too many menus at once. Name the server: ssh LOGIN+SERVER@GATE.";

/// How long a target may take to start what was asked for.
const START: Duration = Duration::from_secs(10);
/// How long the greeting waits for a recording that does not answer, or a client that does not read: the visit then goes
/// on to wait for it by itself.
const GREETING: Duration = Duration::from_secs(2);
/// How long last words may take to a client that does not read.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long words are ahead of the answer that ends their client.
const READ_FIRST: Duration = Duration::from_millis(200);
/// How long a target may take to close after its technician has closed.
const LINGER: Duration = Duration::from_secs(5);

/// What the connection lends a channel.
pub(crate) struct Lent {
    pub gate: Gate,
    pub handle: Handle,
    pub verdict: watch::Sender<Verdict>,
    pub refusals: Arc<Refusals>,
    pub ending: Ending,
}

/// Serves one session channel.
pub(crate) async fn run(channel: Channel<Msg>, lent: Lent) {
    let (mut read, write) = channel.split();
    let Lent { gate, verdict, refusals, .. } = &lent;
    let client = ClientSink { write, handle: lent.handle.clone() };
    let Some(mut wish) = Wish::read(&mut read).await else { return };
    let Some(known) = known(verdict, &read).await else { return };
    match known {
        Verdict::Visit(visit) if matches!(wish.what, What::TooLong) => {
            refusals.refuse_in(&visit.session, "exec", json!({ "why": TOO_LONG })).await;
            say_in(&visit.session, &client, &wish, TOO_LONG, USAGE).await;
        }
        Verdict::Visit(visit) if staged::writes_directly(gate, &visit, &wish) => {
            let why = json!({ "why": "files for this server are staged" });
            refusals.refuse_in(&visit.session, "exec", why).await;
            say_in(&visit.session, &client, &wish, staged::WORDS, REFUSED).await;
        }
        Verdict::Visit(visit) => serve(&lent, &visit, read, &client, &wish).await,
        Verdict::Refused(refused) => say_and_close(&client, &wish, &refused.text, REFUSED).await,
        Verdict::Nothing(text) => say_and_close(&client, &wish, &text, REFUSED).await,
        Verdict::NoTargetLeg(text) => say_and_close(&client, &wish, &text, UNAVAILABLE).await,
        Verdict::Menu(menu) if wish.is_for_a_menu() => {
            // Boxed, as what else few channels are: the task of each would have room for it as long as it lives.
            match Box::pin(menu.run(gate, verdict, &mut read, &client, &mut wish)).await {
                Ok(visit) => serve(&lent, &visit, read, &client, &wish).await,
                Err(over) => leave(&client, &wish, over).await,
            }
        }
        Verdict::Menu(menu) => {
            say_and_close(&client, &wish, &menu.in_words(gate).await, USAGE).await;
        }
        Verdict::Forwards(session) => {
            refusals.refuse_in(&session, wish.kind(), json!({ "why": "no SSH server" })).await;
            say_in(&session, &client, &wish, NO_SSH, USAGE).await;
        }
        Verdict::Pending => {}
    }
}

/// The connection's verdict, once it is known; `None` where the connection or the channel is closed before: nothing is started
/// for one that leaves, whatever it had to say.
async fn known(verdict: &watch::Sender<Verdict>, read: &ChannelReadHalf) -> Option<Verdict> {
    let mut known = verdict.subscribe();
    tokio::select! {
        biased;
        known = known.wait_for(|verdict| !matches!(verdict, Verdict::Pending)) => known.ok().map(|known| known.clone()),
        () = read.closed() => None,
    }
}

/// The end of a menu from which nothing was chosen.
async fn leave(client: &ClientSink, wish: &Wish, over: Over) {
    match over {
        Over::Left => say_and_close(client, wish, "Goodbye.", 0).await,
        Over::Idle => say_and_close(client, wish, "Nothing was chosen in time.", CUT).await,
        Over::Enough => say_and_close(client, wish, "Too many choices were refused.", REFUSED).await,
        Over::Crowded => say_and_close(client, wish, CROWDED, REFUSED).await,
        Over::Failed(text) => say_and_close(client, wish, &text, UNAVAILABLE).await,
        Over::Ended(text) => say_and_close(client, wish, &text, CUT).await,
        Over::Gone => {}
    }
}

/// Text for somebody whose visit never was or is over: no recording holds it, since there is no session's channel.
async fn say_and_close(client: &ClientSink, wish: &Wish, text: &str, status: u32) {
    let words = async {
        if wish.terminal.is_some() {
            client.write.data_bytes(format!("\r\n{}\r\n", text.replace('\n', "\r\n"))).await?;
        } else {
            client.write.extended_data_bytes(1, format!("{text}\n")).await?;
        }
        if wish.what == What::Sftp {
            // The protocol's own failure: nothing of files was started. A client that hears of it ends at once, and shows
            // the words only if they came well before.
            sleep(READ_FIRST).await;
            drop(client.answer(false).await);
            return client.write.close().await;
        }
        client.write.exit_status(status).await?;
        client.write.eof().await?;
        client.write.close().await
    };
    // A client that does not read its refusal loses nothing but the words.
    drop(timeout(LINGER, words).await);
}

/// Says something in a visit to somebody for whom no channel opened in it: recorded as the gate's.
async fn say_in(session: &LiveSession, client: &ClientSink, wish: &Wish, text: &str, status: u32) {
    session.note_said(None, text).await;
    say_and_close(client, wish, text, status).await;
}

async fn serve(lent: &Lent, visit: &Visit, mut read: ChannelReadHalf, client: &ClientSink, wish: &Wish) {
    let (gate, session) = (&lent.gate, &visit.session);
    let Some(mut early) = may_begin(lent, session, &mut read, client, wish).await else { return };
    let opened = match wish.access() {
        [access] => gate.open_channel(session, *access, wish.event(), wish.is_typed()).await,
        any => gate.open_file_channel(session, any, wish.event()).await,
    };
    let channel = match opened {
        Ok(channel) => channel,
        Err(refused) => {
            // It is a fact already.
            lent.refusals.counts_one();
            return say_in(session, client, wish, &refused.text, REFUSED).await;
        }
    };
    let Ok((mut target_read, target_write)) = visit.leg.opens().await else {
        return not_started(gate, session, &channel, client, wish, NotStarted::Refused).await;
    };
    // The window may have closed, or somebody paused it, while the recording and the server took their time.
    match may_begin(lent, session, &mut read, client, wish).await {
        Some(more) => early.extend(more),
        None => {
            target_write.close().await;
            return gate.close_channel(session, &channel, Captured::Withheld).await;
        }
    }
    let started = timeout(START, start(&mut target_read, &target_write, wish)).await;
    if let Err(why) = started.unwrap_or(Err(NotStarted::Unanswered)) {
        target_write.close().await;
        return not_started(gate, session, &channel, client, wish, why).await;
    }
    if wish.terminal.is_some() {
        greet(gate, visit, &channel, client).await;
    }
    let target = TargetSink { write: target_write, flow: session.flow() };
    if wish.what == What::Sftp {
        // Whether it opens was not known when it was asked for.
        drop(client.answer(true).await);
    }
    let legs = Legs { visit, channel: &channel, client, target: &target, ending: &lent.ending };
    let from_target = TargetSource::new(target_read, lent.ending.clone());
    let end = legs.serve(gate, ClientSource::new(read).after(early), from_target, wish).await;
    match end {
        RelayEnd::Cut | RelayEnd::Recorder => legs.last_words(wish).await,
        RelayEnd::Broken => session.broke_off(),
        RelayEnd::Closed | RelayEnd::Left | RelayEnd::Behind => {}
    }
    let captured = if end == RelayEnd::Behind { Captured::Behind } else { Captured::All };
    let closed = gate.record_close(session, &channel, captured).await;
    // Either close may find its connection gone: that is what it asks for.
    target.write.close().await;
    // One that has closed the channel already waits for this.
    let patience = if lent.ending.is_awaited() { LINGER } else { LAST_WORDS };
    drop(timeout(patience, client.write.close()).await);
    gate.write_closed(closed).await;
}

/// Waits until input flows; what the client sent meanwhile. `None` where nothing begins any more, which was said.
async fn may_begin(
    lent: &Lent,
    session: &LiveSession,
    read: &mut ChannelReadHalf,
    client: &ClientSink,
    wish: &Wish,
) -> Option<VecDeque<ChannelMsg>> {
    match waiting::wait(session, read, client, wish).await {
        Waited::Flows(early) => return Some(early),
        Waited::Over(text) => {
            let why = json!({ "reason": "late", "about": wish.event() });
            lent.refusals.refuse_in(session, wish.kind(), why).await;
            say_in(session, client, wish, &text, CUT).await;
        }
        Waited::Left => {}
    }
    None
}

/// Why nothing is relayed of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum NotStarted {
    /// The target did not take the channel, or not what was to start in it.
    #[error("The server did not start what was asked for.")]
    Refused,
    /// The target was asked, and has not answered in time, or its connection has ended.
    #[error(
        "The server has not said whether it started what was asked for. It may have: look before you ask again."
    )]
    Unanswered,
}

async fn not_started(
    gate: &Gate,
    session: &LiveSession,
    channel: &ChannelRecorder,
    client: &ClientSink,
    wish: &Wish,
    why: NotStarted,
) {
    let captured = match why {
        NotStarted::Refused => Captured::Failed,
        NotStarted::Unanswered => Captured::Unanswered,
    };
    session.note_said(Some(channel.number()), &why.to_string()).await;
    let closed = gate.record_close(session, channel, captured).await;
    say_and_close(client, wish, &why.to_string(), UNAVAILABLE).await;
    gate.write_closed(closed).await;
}

/// Starts the wish in a channel of the target; returns once the target has agreed.
async fn start(read: &mut ChannelReadHalf, write: &TargetWrite, wish: &Wish) -> Result<(), NotStarted> {
    ask(write, wish).await.map_err(|_| NotStarted::Refused)?;
    loop {
        match read.wait().await {
            Some(ChannelMsg::Success) => return Ok(()),
            Some(ChannelMsg::Failure | ChannelMsg::Close) => return Err(NotStarted::Refused),
            Some(_) => {}
            None => return Err(NotStarted::Unanswered),
        }
    }
}

/// Asks the target for what is wished.
async fn ask(write: &TargetWrite, wish: &Wish) -> Result<(), russh::Error> {
    for (name, value) in &wish.environment {
        write.set_env(false, name, value).await?;
    }
    if let Some(terminal) = &wish.terminal {
        let size = terminal.size;
        let asked = write.request_pty(
            false,
            &terminal.name,
            size.columns,
            size.rows,
            size.width_px,
            size.height_px,
            &terminal.modes,
        );
        asked.await?;
    }
    match &wish.what {
        What::Shell => write.request_shell(true).await,
        What::Exec(command) => write.exec(true, command.clone()).await,
        What::Sftp => write.request_subsystem(true, SFTP).await,
        What::TooLong => Err(russh::Error::RequestDenied),
    }
}

/// Says who is recorded, in which window, until when.
async fn greet(gate: &Gate, visit: &Visit, channel: &ChannelRecorder, client: &ClientSink) {
    let text = gate.greeting(&visit.session).await.replace('\n', "\r\n");
    let greeting = async {
        if let Ok(recorded) = visit.session.append_gate(channel, Stream::Gate, text).await {
            // A client that is gone is found out by its relay.
            drop(client.write(recorded).await);
        }
    };
    drop(timeout(GREETING, greeting).await);
}

/// Both ends of a started channel.
struct Legs<'s> {
    visit: &'s Visit,
    channel: &'s ChannelRecorder,
    client: &'s ClientSink,
    target: &'s TargetSink,
    ending: &'s Ending,
}

impl Legs<'_> {
    /// Relays what was started, with what reads along.
    async fn serve(
        &self,
        gate: &Gate,
        from_client: ClientSource,
        from_target: TargetSource,
        wish: &Wish,
    ) -> RelayEnd {
        let teller = || Teller::new(gate, &self.visit.session, self.channel.number());
        let scp = match &wish.what {
            What::Exec(command) if wish.terminal.is_none() => Scp::of(command, self.channel.number()),
            _ => None,
        };
        match (&wish.what, scp) {
            (What::Sftp, _) => {
                let sftp = Sftp::new(self.channel.number(), teller());
                let stager = Stager::new(&sftp, self.channel.number());
                let server = ToServer::new(self.target, self.channel, stager);
                let (requests, answers) =
                    (Requests::new(from_client, &sftp), Answers::new(from_target, &sftp));
                let end = tokio::select! {
                    end = Box::pin(self.relay(requests, answers, &server, wish)) => end,
                    never = server.looks_after_staged() => match never {},
                };
                server.end().await;
                sftp.end(self.channel.number()).await;
                end
            }
            (_, Some(scp)) => {
                let listener = scp::listen(scp, teller());
                let from_client = Overheard::new(from_client, Side::Client, &listener);
                let from_target = Overheard::new(from_target, Side::Server, &listener);
                let end = Box::pin(self.relay(from_client, from_target, self.target, wish)).await;
                listener.end(self.channel).await;
                end
            }
            _ => self.relay(from_client, from_target, self.target, wish).await,
        }
    }

    /// Relays until the target closes the channel, a leg breaks, or the session is cut.
    async fn relay(
        &self,
        from_client: impl Source<Note = SshNote>,
        from_target: impl Source<Note = SshNote>,
        target: &impl Sink<Note = SshNote>,
        wish: &Wish,
    ) -> RelayEnd {
        let input = Relay {
            session: &self.visit.session,
            channel: self.channel,
            direction: Direction::Input,
            source: from_client,
            sink: target,
            terminal: None,
            lost: false,
        };
        let output = Relay {
            session: &self.visit.session,
            channel: self.channel,
            direction: Direction::Output,
            source: from_target,
            sink: self.client,
            terminal: wish.terminal.as_ref().map(|_| Terminal::default()),
            lost: false,
        };
        let output = output.run();
        tokio::pin!(output);
        tokio::select! {
            biased;
            end = &mut output => end,
            end = input.run() => match end {
                RelayEnd::Cut | RelayEnd::Recorder | RelayEnd::Behind => end,
                // The client waits for the exit status, and for nothing else.
                RelayEnd::Closed | RelayEnd::Left if self.ending.is_awaited() => output.await,
                RelayEnd::Closed | RelayEnd::Left | RelayEnd::Broken => {
                    // The technician has closed the channel: so must the target, and its last output is recorded.
                    self.target.write.close().await;
                    timeout(LINGER, output).await.unwrap_or(RelayEnd::Broken)
                }
            },
        }
    }

    /// Why, when, reference: recorded as the gate's, if the recording still takes it, and never waited for long.
    async fn last_words(&self, wish: &Wish) {
        let Flow::Cut(reason) = *self.visit.session.flow().borrow() else { return };
        let text = self.visit.session.last_words(reason);
        if wish.what == What::Sftp {
            // Never a byte into it: the connection's last words say why.
            drop(timeout(LAST_WORDS, self.client.pass(SshNote::ExitStatus(CUT))).await);
            return;
        }
        let terminal = wish.terminal.is_some();
        let text = match terminal {
            true => format!("\r\n\x1b[0m\x1b[?1049l\r\n{text}\r\n"),
            false => format!("\n{text}\n"),
        };
        let words = async {
            if let Ok(recorded) = self.visit.session.append_gate(self.channel, Stream::Gate, text).await {
                drop(match terminal {
                    true => self.client.write(recorded).await,
                    false => self.client.says(recorded).await,
                });
            }
            drop(self.client.pass(SshNote::ExitStatus(CUT)).await);
            drop(self.client.pass(SshNote::Eof).await);
        };
        drop(timeout(LAST_WORDS, words).await);
    }
}
