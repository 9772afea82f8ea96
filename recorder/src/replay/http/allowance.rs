//! How much may be opened out of content codings. A body of a few hundred bytes can grow to gigabytes under them: whoever
//! reads a visit does as much work as the visit is long, and not as much as somebody wrote into it.

use std::cell::Cell;

/// A body may grow to so many bytes for each that was recorded of it…
const TIMES: u64 = 100;
/// …and to so many where this much was opened of the visit.
const MUCH: u64 = 1 << 30;
const TIMES_OF_MUCH: u64 = 8;
/// All bodies of a visit together may grow by this beyond that, in bytes.
const BEYOND: u64 = 64 << 20;
/// Bytes that are opened at once, and while nothing is left beyond: what comes of them is known only when it is there.
const STEP: usize = 1024;
const SMALL_STEP: usize = 16;

/// What may be opened of a visit in one reading, or of what is read by itself.
#[derive(Debug)]
pub(super) struct Allowance {
    /// What is left beyond what each body may grow to.
    left: Cell<u64>,
    opened: Cell<u64>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: Cell::new(BEYOND), opened: Cell::new(0) }
    }
}

impl Allowance {
    /// How many bytes are opened at once.
    pub(super) fn step(&self) -> usize {
        if self.left.get() > 0 { STEP } else { SMALL_STEP }
    }
}

/// What was opened of one body. What is between two codings counts too: it is work.
#[derive(Debug, Default)]
pub(super) struct Growth {
    recorded: Cell<u64>,
    opened: Cell<u64>,
    /// What it took of the visit's.
    taken: Cell<u64>,
}

impl Growth {
    /// So many more bytes were recorded.
    pub(super) fn recorded(&self, bytes: usize) {
        add(&self.recorded, bytes as u64);
    }

    /// So many more bytes were opened; whether that was within what may be.
    pub(super) fn opened(&self, bytes: usize, of: &Allowance) -> bool {
        add(&self.opened, bytes as u64);
        add(&of.opened, bytes as u64);
        let times = if of.opened.get() > MUCH { TIMES_OF_MUCH } else { TIMES };
        let own = self.recorded.get().saturating_mul(times).saturating_add(self.taken.get());
        let beyond = self.opened.get().saturating_sub(own);
        let left = of.left.get();
        add(&self.taken, beyond.min(left));
        of.left.set(left.saturating_sub(beyond));
        beyond <= left
    }
}

fn add(to: &Cell<u64>, bytes: u64) {
    to.set(to.get().saturating_add(bytes));
}

#[cfg(test)]
impl Allowance {
    /// As it is when others have grown beyond what they may.
    pub(super) fn spent() -> Self {
        Self { left: Cell::new(0), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, Growth};

    #[test]
    fn a_body_has_its_own_and_all_of_them_share_what_is_beyond() {
        let visit = Allowance::default();
        let bomb = Growth::default();
        bomb.recorded(10);
        assert!(bomb.opened(1000 + (64 << 20), &visit) && !bomb.opened(1, &visit));
        assert_eq!(visit.step(), 16, "nothing is left beyond");
        let other = Growth::default();
        assert!(!other.opened(1, &visit));
        other.recorded(10);
        assert!(other.opened(999, &visit) && !other.opened(1, &visit), "its own is still its own");
        other.recorded(1);
        assert!(other.opened(99, &visit));
    }

    #[test]
    fn of_much_less_is_opened() {
        let (visit, large) = (Allowance::default(), Growth::default());
        large.recorded(100 << 20);
        assert!(large.opened(1 << 30, &visit) && !large.opened(1, &visit));
        let next = Growth::default();
        next.recorded(100);
        assert!(next.opened(800, &visit) && !next.opened(1, &visit));
    }
}
