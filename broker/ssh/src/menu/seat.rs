//! Somebody at the menu: shows it, hears what they type, does what they choose.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chaperone_policy::{AccountName, TargetName};
use chaperone_session::{Flow, Gate, LiveSession, OwnTarget, OwnWindow, Standing};
use futures::FutureExt;
use russh::{ChannelMsg, ChannelReadHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::page::{self, Room};
use super::typing::{Typed, Typing};
use super::{Chosen, Menu, NO_TERMINAL, Over, REFUSED};
use crate::admission::{Verdict, Visit};
use crate::leg::ClientSink;
use crate::note::Size;
use crate::wish::Wish;

/// How long somebody may sit there in all: waiting for a window to open is what it is for.
const IN_ALL: Duration = Duration::from_secs(4 * 3600);
/// How often it is looked whether a window has opened or closed.
const LOOK: Duration = Duration::from_secs(2);
/// How long a terminal may take to read what it is shown.
const READS: Duration = Duration::from_secs(10);
/// Octets that are heard ahead of what is asked, beside one message; a paste beyond is dropped.
const AHEAD: usize = 4096;
/// Wishes of one connection for more time.
const WISHES: usize = 5;

/// Somebody at the menu.
pub(super) struct Seat<'m> {
    gate: &'m Gate,
    menu: &'m Menu,
    read: &'m mut ChannelReadHalf,
    client: &'m ClientSink,
    wish: &'m mut Wish,
    typing: Typing,
    ahead: VecDeque<u8>,
    until: Instant,
    idle: Instant,
}

/// What was heard.
enum Heard {
    Line(String),
    /// A window has opened, closed, come or gone.
    Changed,
}

impl<'m> Seat<'m> {
    pub(super) fn new(
        gate: &'m Gate,
        menu: &'m Menu,
        read: &'m mut ChannelReadHalf,
        client: &'m ClientSink,
        wish: &'m mut Wish,
    ) -> Self {
        let now = Instant::now();
        let (typing, ahead) = (Typing::default(), VecDeque::new());
        let (until, idle) = (now + IN_ALL, now + menu.idle());
        Self { gate, menu, read, client, wish, typing, ahead, until, idle }
    }

    /// Shows the menu until a visit is open.
    pub(super) async fn sit(&mut self, verdict: &watch::Sender<Verdict>) -> Result<Arc<Visit>, Over> {
        let mut from = 0;
        self.show("\r\n").await?;
        loop {
            let Ok(windows) = self.gate.own_windows(self.menu.proven.person()).await else {
                self.say("The schedule cannot be read at this time.").await?;
                self.hear(None).await?;
                continue;
            };
            from = if from < windows.len() { from } else { 0 };
            let list = page::list(self.gate, &windows, from, self.room(), self.gate.now());
            self.show(&format!("{list}> {}", self.typing.line())).await?;
            let Heard::Line(typed) = self.hear(Some(&windows)).await? else {
                self.show("\r\n\r\n").await?;
                continue;
            };
            match typed.trim().to_lowercase().as_str() {
                "" => {}
                line if leaves(line) => return Err(Over::Left),
                "n" => from += self.room().page(),
                "m" => self.wishes_for_more_time(&windows).await?,
                chosen => match numbered(chosen, &windows) {
                    Some(window) => {
                        if let Some(visit) = self.choose(window, verdict).await? {
                            return Ok(visit);
                        }
                    }
                    None => self.say("There is no such choice.").await?,
                },
            }
            self.show("\r\n").await?;
        }
    }

    /// A visit begins: what was typed before it was no input of it, and its terminal has the size that it has by now.
    pub(super) fn leaves(&mut self) -> Result<(), Over> {
        while let Some(message) = self.read.wait().now_or_never() {
            self.take(message)?;
        }
        Ok(())
    }

    /// Opens a visit in a window; none when something was in its way, which was said.
    async fn choose(
        &mut self,
        window: &OwnWindow,
        verdict: &watch::Sender<Verdict>,
    ) -> Result<Option<Arc<Visit>>, Over> {
        if window.standing != Standing::Open {
            let when = window.countdown(self.gate.now(), self.gate);
            self.say(&format!("This window is not open: {when}.")).await?;
            return Ok(None);
        }
        let Some(target) = self.one_target(&window.targets).await? else { return Ok(None) };
        if let Some(words) = window.other_way(target) {
            for line in words.lines() {
                self.say(line).await?;
            }
            return Ok(None);
        }
        let Some(account) = self.one_account(target).await? else { return Ok(None) };
        self.visit(verdict, &target.name, account).await
    }

    async fn visit(
        &mut self,
        verdict: &watch::Sender<Verdict>,
        target: &TargetName,
        account: Option<&AccountName>,
    ) -> Result<Option<Arc<Visit>>, Over> {
        match self.menu.choose(verdict, target, account).await {
            Chosen::Visit(visit) => Ok(Some(visit)),
            Chosen::Forwards(session) => Err(self.stays(&session).await?),
            Chosen::Failed(text) => Err(Over::Failed(text)),
            Chosen::Refused(text) => {
                for line in text.lines() {
                    self.say(line).await?;
                }
                let refused = self.menu.refused.fetch_add(1, Ordering::Relaxed) + 1;
                if refused >= REFUSED { Err(Over::Enough) } else { Ok(None) }
            }
            Chosen::Enough => Err(Over::Enough),
        }
    }

    /// Sits there while a visit is on that has no terminal: nobody has to press a key for it, and there is nothing to choose.
    async fn stays(&mut self, session: &LiveSession) -> Result<Over, Over> {
        self.say(NO_TERMINAL).await?;
        let mut flow = session.flow();
        loop {
            while let Some(line) = self.typed().await? {
                if leaves(&line) {
                    return Ok(Over::Left);
                }
            }
            tokio::select! {
                message = self.read.wait() => self.take(message)?,
                // The sender is the session's: it outlives this.
                _ = flow.wait_for(|flow| flow.is_cut()) => break,
            }
        }
        let now = *flow.borrow();
        Ok(match now {
            Flow::Cut(reason) => Over::Ended(session.last_words(reason)),
            _ => Over::Gone,
        })
    }

    async fn one_target<'t>(&mut self, targets: &'t [OwnTarget]) -> Result<Option<&'t OwnTarget>, Over> {
        if let [one] = targets {
            return Ok(Some(one));
        }
        let shown = page::choices("Which server?", page::names(targets), self.room());
        let typed = self.ask(&shown).await?;
        let named = targets.iter().find(|target| target.name.as_str() == typed);
        let found = named.or_else(|| numbered(&typed, targets));
        if found.is_none() {
            self.say("There is no such server in this window.").await?;
        }
        Ok(found)
    }

    /// The account; `Some(None)` is the server's default.
    async fn one_account<'t>(
        &mut self,
        target: &'t OwnTarget,
    ) -> Result<Option<Option<&'t AccountName>>, Over> {
        if target.accounts.len() < 2 {
            return Ok(Some(target.accounts.first()));
        }
        let names = target.accounts.iter().map(AccountName::as_str);
        let typed = self.ask(&page::choices("As which account?", names, self.room())).await?;
        let named = target.accounts.iter().find(|account| account.as_str() == typed);
        let found = named.or_else(|| numbered(&typed, &target.accounts));
        if found.is_none() {
            self.say("There is no such account in this window.").await?;
        }
        Ok(found.map(Some))
    }

    async fn wishes_for_more_time(&mut self, windows: &[OwnWindow]) -> Result<(), Over> {
        if self.menu.wishes.load(Ordering::Relaxed) >= WISHES {
            return self.say(&format!("Enough was asked for. Call {}.", self.gate.help())).await;
        }
        let window = match windows {
            [] => return self.say("There is no window to ask more time for.").await,
            [one] => one,
            _ => {
                let typed = self.ask("For which window, by its number?\r\n").await?;
                match numbered(&typed, windows) {
                    Some(window) => window,
                    None => return self.say("There is no such window.").await,
                }
            }
        };
        let minutes = self.ask("How many minutes more?\r\n").await?.parse().unwrap_or_default();
        let reason = self.ask("Why?\r\n").await?;
        self.menu.wishes.fetch_add(1, Ordering::Relaxed);
        match self.gate.ask_more_time(self.menu.proven.person(), window.id, minutes, &reason).await {
            Ok(()) => self.say("Asked. Whoever may agree is told; Enter shows what came of it.").await,
            Err(fault) => self.say(&format!("Not asked: {fault}.")).await,
        }
    }

    async fn ask(&mut self, question: &str) -> Result<String, Over> {
        self.show(&format!("{question}> ")).await?;
        match self.hear(None).await? {
            Heard::Line(line) => Ok(line.trim().to_owned()),
            Heard::Changed => Ok(String::new()),
        }
    }

    /// Waits for a line; or, where windows are shown, until they are not as they were.
    async fn hear(&mut self, shown: Option<&[OwnWindow]>) -> Result<Heard, Over> {
        let mut look = Instant::now() + LOOK;
        loop {
            if let Some(line) = self.typed().await? {
                return Ok(Heard::Line(line));
            }
            tokio::select! {
                message = self.read.wait() => self.take(message)?,
                () = sleep_until(look), if shown.is_some() => {
                    look = Instant::now() + LOOK;
                    let now = self.gate.own_windows(self.menu.proven.person()).await;
                    if let (Ok(now), Some(shown)) = (now, shown)
                        && page::standings(&now) != page::standings(shown)
                    {
                        return Ok(Heard::Changed);
                    }
                }
                () = sleep_until(self.idle.min(self.until)) => return Err(Over::Idle),
            }
        }
    }

    /// Takes what was heard up to the end of a line, and shows it.
    async fn typed(&mut self) -> Result<Option<String>, Over> {
        let (mut shown, mut line) = (String::new(), None);
        while let Some(octet) = self.ahead.pop_front() {
            match self.typing.take(octet) {
                Typed::Echo(text) => shown.push_str(&text),
                Typed::Leave => return Err(Over::Left),
                Typed::Nothing => {}
                Typed::Line(typed) => {
                    shown.push_str("\r\n");
                    line = Some(typed);
                    break;
                }
            }
        }
        if !shown.is_empty() {
            self.show(&shown).await?;
        }
        Ok(line)
    }

    fn take(&mut self, message: Option<ChannelMsg>) -> Result<(), Over> {
        match message {
            None | Some(ChannelMsg::Close) => return Err(Over::Gone),
            Some(ChannelMsg::Eof) => return Err(Over::Left),
            Some(ChannelMsg::Data { data }) => {
                self.idle = Instant::now() + self.menu.idle();
                if self.ahead.len() < AHEAD {
                    self.ahead.extend(data);
                }
            }
            Some(ChannelMsg::WindowChange { col_width, row_height, pix_width, pix_height }) => {
                if let Some(terminal) = &mut self.wish.terminal {
                    terminal.size = Size::clamped(col_width, row_height, pix_width, pix_height);
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn room(&self) -> Room {
        let size = self.wish.terminal.as_ref().map(|terminal| terminal.size);
        size.map_or(Room::new(0, 0), |size| Room::new(size.columns, size.rows))
    }

    async fn say(&self, text: &str) -> Result<(), Over> {
        self.show(&page::line(text, 0, self.room())).await
    }

    /// Writes to the terminal. No visit is on: there is no recording that this could be in.
    async fn show(&self, text: &str) -> Result<(), Over> {
        let written = timeout(READS, self.client.write.data_bytes(text.to_owned())).await;
        written.map_err(|_| Over::Gone)?.map_err(|_| Over::Gone)
    }
}

/// Whether somebody wants to leave.
fn leaves(line: &str) -> bool {
    ["q", "quit", "exit", "leave"].contains(&line.trim().to_lowercase().as_str())
}

/// What somebody means by its number, from 1.
fn numbered<'a, T>(typed: &str, all: &'a [T]) -> Option<&'a T> {
    all.get(typed.parse::<usize>().ok()?.checked_sub(1)?)
}
