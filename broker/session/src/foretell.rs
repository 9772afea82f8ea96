//! What the schedule would say at the door, to somebody who asks beforehand for what they will need there.

use chaperone_policy::{Access, Attempt, AttemptId, Permit, Reason, Refusal, decide};
use uuid::Uuid;

use crate::gate::{Ask, Gate, Refused};

/// What somebody wants to open at one target.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who, and where to.
    pub ask: Ask,
    /// What for; one of them is enough.
    pub access: Vec<Access>,
    /// A visit of theirs may be on, with which it goes on: whether one more may begin is asked at the door alone.
    pub goes_on: bool,
}

impl Gate {
    /// The permits of what would be let in now, one for each wish that would, the longest. Nothing opens: each connection
    /// is decided about again. Where none would be let in, the first wish is refused as it would be at the door.
    ///
    /// # Errors
    /// The refusal, committed as a fact with its alert before this returns.
    pub async fn permits(&self, wishes: &[Wish]) -> Result<Vec<Permit>, Refused> {
        let Some(first) = wishes.first() else {
            return Err(self.refused(&Refusal::without_window(Reason::NoWindow), ""));
        };
        let mut given = Vec::new();
        let mut refusal = None;
        match self.facts().await {
            Ok(facts) => {
                for wish in wishes {
                    let tries = wish
                        .access
                        .iter()
                        .map(|access| decide(&facts, &self.attempt_for(wish, *access), self.now()));
                    match tries.fold(None, longer) {
                        Some(Ok(permit)) => given.push(permit),
                        Some(Err(no)) => refusal = refusal.or(Some(*no)),
                        None => {}
                    }
                }
            }
            Err(_) => refusal = Some(Refusal::without_window(Reason::Store)),
        }
        if !given.is_empty() {
            return Ok(given);
        }
        let refusal = refusal.unwrap_or_else(|| Refusal::without_window(Reason::AccessNotGranted));
        let attempt = self.attempt_of(&first.ask, AttemptId(Uuid::now_v7()));
        Err(self.refuse(&first.ask, &attempt, refusal).await)
    }

    /// Refuses somebody who asks for what they will need at the door, and has not proven what the door would ask for.
    pub async fn refuse_unproven(&self, ask: &Ask) -> Refused {
        let attempt = self.attempt_of(ask, AttemptId(Uuid::now_v7()));
        self.refuse(ask, &attempt, Refusal::without_window(Reason::SecondFactor)).await
    }

    fn attempt_for(&self, wish: &Wish, access: Access) -> Attempt {
        let mut attempt = self.attempt_of(&wish.ask, AttemptId(Uuid::now_v7()));
        attempt.access = Some(access);
        // Whoever must be observed waits for the observer once they are there.
        attempt.node.observers = attempt.node.observers.max(1);
        if wish.goes_on {
            (attempt.node.sessions_of_person, attempt.node.sessions_on_target) = (0, 0);
        }
        attempt
    }
}

type Verdict = Result<Permit, Box<Refusal>>;

/// The permit that lasts longer; without one, the first refusal.
fn longer(best: Option<Verdict>, next: Verdict) -> Option<Verdict> {
    Some(match (best, next) {
        (Some(Ok(best)), Ok(next)) if best.output_until() >= next.output_until() => Ok(best),
        (_, Ok(next)) => Ok(next),
        (Some(best), Err(_)) => best,
        (None, Err(no)) => Err(no),
    })
}
