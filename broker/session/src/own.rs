//! A person's own change windows, as the gate tells them to that person and nobody else (P9), and their wish for more
//! time. What is shown opens nothing: whoever chooses a window asks [`Gate::attempt`] like everybody.

use chaperone_policy::{
    Access, AccountName, Act, Facts, PersonId, Phase, Subject, TargetName, Window, WindowId, local, may,
    words,
};
use chaperone_store::{MoreTime, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::gate::Gate;

/// Longest reason for more time, in characters.
const REASON_CHARS: usize = 500;
/// Most that can be asked for at once.
pub const MOST_MINUTES: i64 = 24 * 60;

/// One of somebody's own windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnWindow {
    /// Which.
    pub id: WindowId,
    /// Its servers, by name.
    pub targets: Vec<OwnTarget>,
    /// First instant inside.
    pub opens: Timestamp,
    /// First instant outside.
    pub closes: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// What it grants.
    pub access: Vec<Access>,
    /// The change ticket, plain.
    pub ticket: Option<String>,
}

/// A server of an own window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTarget {
    /// Its name at the gate.
    pub name: TargetName,
    /// The accounts that the window grants there. None where it grants the server's default alone.
    pub accounts: Vec<AccountName>,
    /// Whether it has an SSH server; else there is nothing but its declared endpoints.
    pub ssh: bool,
    /// Whether it declares endpoints that a forward reaches.
    pub forwards: bool,
}

/// Where an own window stands, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Open now.
    Open,
    /// Approved, and opens later.
    Next,
    /// Waits for an approval, or for its technician to accept it.
    Waits,
}

impl OwnWindow {
    fn of(facts: &Facts, window: &Window, person: PersonId, now: Timestamp) -> Option<Self> {
        let known = facts.people.get(&person)?;
        let standing = match window.phase(now) {
            _ if !window.names(known) => return None,
            Phase::Open if window.admits(person) => Standing::Open,
            Phase::Approved if window.admits(person) => Standing::Next,
            Phase::Open | Phase::Approved | Phase::Requested => Standing::Waits,
            _ => return None,
        };
        let targets = window.targets.iter().filter_map(|id| facts.targets.get(id));
        let mut targets: Vec<OwnTarget> = targets
            .map(|target| OwnTarget {
                name: target.name.clone(),
                accounts: window.accounts.iter().filter(|account| target.offers(account)).cloned().collect(),
                ssh: target.has_ssh(),
                forwards: target.forwards().next().is_some(),
            })
            .collect();
        targets.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        Some(Self {
            id: window.id,
            targets,
            opens: window.opens,
            closes: window.closes,
            standing,
            access: window.access.iter().copied().collect(),
            ticket: window.ticket.as_deref().map(plain).filter(|ticket| !ticket.is_empty()),
        })
    }

    /// Its servers in one line.
    #[must_use]
    pub fn servers(&self) -> String {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        names.join(", ")
    }

    /// How a server of it is reached that no terminal can be opened on; `None` where one can, or where a visit from a
    /// terminal keeps its forwards open.
    #[must_use]
    pub fn other_way(&self, target: &OwnTarget) -> Option<String> {
        let grants = |any: &[Access]| any.iter().any(|access| self.access.contains(access));
        let forwards = target.forwards && grants(&[Access::Forward, Access::ForwardOpaque]);
        let name = &target.name;
        if target.ssh && grants(&[Access::Shell]) || !target.ssh && forwards {
            return None;
        }
        let way = if target.ssh && grants(&[Access::Exec]) {
            format!("ssh LOGIN+{name}@GATE COMMAND")
        } else if target.ssh && grants(&[Access::SftpRead, Access::SftpWrite]) {
            format!("sftp LOGIN+{name}@GATE")
        } else if forwards {
            format!("ssh -N -L PORT:NAME:PORT LOGIN+{name}@GATE")
        } else {
            format!("chaperone connect {}", self.id)
        };
        let lacks = if target.ssh { "This window grants no shell." } else { "This server has no SSH." };
        Some(format!("{lacks} Reach it with:\n{way}"))
    }

    /// Where it stands, counted down: `open, 36 min left (until …)`.
    #[must_use]
    pub fn countdown(&self, now: Timestamp, gate: &Gate) -> String {
        let zone = &gate.shared.settings.zone;
        match self.standing {
            Standing::Open => {
                let left = words(self.closes.duration_since(now));
                format!("open, {left} left (until {})", local(self.closes, zone))
            }
            Standing::Next => {
                format!("opens in {} ({})", words(self.opens.duration_since(now)), local(self.opens, zone))
            }
            Standing::Waits => {
                format!(
                    "not ready: waits for approval, or for you to accept it ({})",
                    local(self.opens, zone)
                )
            }
        }
    }
}

/// Why a wish for more time was not taken; what its person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMoreTime {
    /// Not between one minute and a day.
    #[error("say how many minutes, from 1 to 1440")]
    Minutes,
    /// Nobody would know what for.
    #[error("say why")]
    Reason,
    /// Not theirs, or over.
    #[error("this window is over, or not yours any more")]
    Gone,
    /// The database does not answer.
    #[error("the gate cannot write it down at this time; try again")]
    Store,
}

impl Gate {
    /// Somebody's own windows that are not over: open ones first, those that close first before the others; then those to
    /// come.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn own_windows(&self, person: PersonId) -> Result<Vec<OwnWindow>, StoreError> {
        let (facts, now) = (self.facts().await?, self.now());
        let own = facts.windows.values().filter_map(|window| OwnWindow::of(&facts, window, person, now));
        let mut own: Vec<OwnWindow> = own.collect();
        own.sort_by_key(|window| {
            let at = if window.standing == Standing::Open { window.closes } else { window.opens };
            (window.standing, at, window.id)
        });
        Ok(own)
    }

    /// Asks for so many minutes after the end of an own window; a fact. Whoever may extend it is told and answers.
    ///
    /// # Errors
    /// When it is not asked.
    pub async fn ask_more_time(
        &self,
        person: PersonId,
        window: WindowId,
        minutes: i64,
        reason: &str,
    ) -> Result<(), NoMoreTime> {
        if !(1..=MOST_MINUTES).contains(&minutes) {
            return Err(NoMoreTime::Minutes);
        }
        let reason: String = plain(reason.trim()).chars().take(REASON_CHARS).collect();
        if reason.is_empty() {
            return Err(NoMoreTime::Reason);
        }
        let (facts, now) = (self.facts().await.map_err(|_| NoMoreTime::Store)?, self.now());
        let window =
            facts.windows.get(&window).filter(|window| now < window.ends()).ok_or(NoMoreTime::Gone)?;
        may(&facts, person, Act::RequestWindow, Subject::Window(window), now)
            .map_err(|_| NoMoreTime::Gone)?;
        let closes = window.closes.checked_add(SignedDuration::from_mins(minutes));
        let closes = closes.map_err(|_| NoMoreTime::Minutes)?;
        let wish = MoreTime { window: window.id, by: person, closes, reason, at: now };
        let store = self.shared.store.clone();
        let writing = self.shared.core.spawn(async move {
            store.write(move |tx| Box::pin(async move { tx.ask_more_time(&wish).await })).await
        });
        match writing.await {
            Ok(Ok(())) => Ok(()),
            _ => Err(NoMoreTime::Store),
        }
    }

    /// For somebody who named no server, where no menu can be shown: how to, and their own windows.
    pub async fn how_to_name_a_target(&self, person: PersonId) -> String {
        let mut text = format!(
            "{}: name the server you want to reach: ssh LOGIN+SERVER@GATE, or LOGIN+SERVER+ACCOUNT@GATE.",
            self.shared.settings.gate_name
        );
        let Ok(own) = self.own_windows(person).await else { return text };
        let now = self.now();
        for window in own.iter().take(TOLD) {
            text += &format!("\n  {}: {}", window.servers(), window.countdown(now, self));
        }
        match own.len().saturating_sub(TOLD) {
            0 => text,
            more => text + &format!("\n  and {more} more"),
        }
    }

    /// What the gate calls itself to technicians.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.settings.gate_name
    }

    /// Whom technicians call.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.shared.settings.help
    }
}

/// Windows that are told where no menu can be shown.
const TOLD: usize = 10;

/// What people wrote goes to a terminal: no control characters.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
