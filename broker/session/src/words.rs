//! What the gate says to a technician. Plain text: each door puts it into its protocol's form.

use chaperone_policy::Permit;

use crate::flow::{EndReason, Flow};
use crate::gate::{Gate, short};
use crate::live::{LiveSession, Stop};
use crate::observe::WAITING_FOR_OBSERVER;
use crate::watch::{clock_time, in_words};

/// So much of what somebody wrote is said on the way out.
const WHY_CHARS: usize = 200;

impl Gate {
    /// On admission, in a terminal: who is recorded, which window, until when, how to get more time.
    pub async fn greeting(&self, session: &LiveSession) -> String {
        let facts = self.shared.store.last_facts();
        let permit = session.permit();
        let name = facts
            .as_ref()
            .and_then(|facts| facts.people.get(&session.attempt.person))
            .map_or_else(|| session.login.clone(), |person| person.name.clone());
        let window = facts.as_ref().and_then(|facts| facts.windows.get(&permit.window()));
        let ticket = window
            .and_then(|window| window.ticket.clone())
            .map_or_else(String::new, |ticket| format!(", {ticket}"));
        let left = permit.input_until().duration_since(session.began.now());
        let left = std::time::Duration::try_from(left).unwrap_or_default();
        let settings = &self.shared.settings;
        let account = permit.account().map_or_else(String::new, |account| format!(" as {account}"));
        let plain = |text: String| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let lines = [
            format!(
                "{}: this visit of {name} to {}{account} is recorded{ticket}.",
                settings.gate_name,
                permit.target().name
            ),
            self.around(session, &permit),
            format!(
                "It ends at {}, in {}. For more time, call {}.",
                clock_time(permit.input_until(), &settings.zone),
                in_words(left),
                settings.help,
            ),
            // On a line of its own: nobody reads out what a narrow terminal has broken in two.
            format!("Reference {}.", short(session.id.0)),
        ];
        lines.into_iter().filter(|line| !line.is_empty()).map(|line| plain(line) + "\n").collect()
    }

    /// What is particular about a visit: that it goes on after a lost connection, that somebody watches, that output is
    /// shown for longer than input is taken.
    fn around(&self, session: &LiveSession, permit: &Permit) -> String {
        let zone = &self.shared.settings.zone;
        let mut said = Vec::new();
        if let Some(broken_off) = session.continues {
            let (at, reference) = (clock_time(broken_off.ended, zone), short(broken_off.visit.0));
            said.push(format!(
                "Your connection was lost at {at}: this continues that visit ({reference}); what ran in it may have ended."
            ));
        }
        if permit.observer_required() {
            said.push("Somebody of the hospital watches it; while nobody does, your input waits.".to_owned());
        }
        if permit.output_until() > permit.input_until() {
            let until = clock_time(permit.output_until(), zone);
            said.push(format!("After its end no input is taken, and output is shown until {until}."));
        }
        said.join(" ")
    }
}

impl LiveSession {
    /// Why nothing starts yet, for a terminal; `None` when it would start now.
    #[must_use]
    pub fn why_it_waits(&self) -> Option<&'static str> {
        if self.awaits_observer() {
            return Some(WAITING_FOR_OBSERVER);
        }
        let paused = *self.flow().borrow() == Flow::Paused;
        paused.then_some("Chaperone: the hospital has paused your input. Please wait.")
    }

    /// On the stop: why, when, reference.
    #[must_use]
    pub fn last_words(&self, reason: EndReason) -> String {
        let told = self.stopped().map(|stop| stop.reason).filter(|_| reason == EndReason::Stopped);
        // What somebody of the hospital wrote goes to a terminal: no control characters.
        let why: String =
            told.iter().flat_map(|why| why.chars()).filter(|c| !c.is_control()).take(WHY_CHARS).collect();
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!(
            "Chaperone: {}{why}. The visit ended at {}. Reference {}.",
            reason.sentence(),
            self.began.now().strftime("%H:%M:%S UTC"),
            short(self.id.0)
        )
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
