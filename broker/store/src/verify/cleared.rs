//! Facts whose words are gone, held against what retention says: a fact `bodies-cleared` for each range that it emptied,
//! with how many. Whoever takes words away and does not say so is found by the number, or by the count.
//!
//! Every emptied fact is given to one of the ranges around it, the one that ends first of those that still have a place:
//! where any other way of giving would go up, this one does.

use chaperone_policy::LEAST_FACTS_DAYS;
use chaperone_recorder::ledger::Leaf;
use serde_json::Value;

use super::BadPlace;
use crate::db::{Conn, count, sql};
use crate::facts::body_of;
use crate::{FactKind, StoreError};

/// Ranges read at once.
const PAGE: i64 = 1_000;
/// Ranges that are held in memory. Beyond it neighbours become one: every count is held all the same, and the place that
/// is named is a wider one.
const MOST: usize = 65_536;
/// Facts keep their words for so long, whatever a class says; in microseconds.
const LEAST_US: i64 = LEAST_FACTS_DAYS as i64 * 86_400 * 1_000_000;

/// What retention says about emptied facts, and those that verification has met.
#[derive(Debug, Default)]
pub(super) struct Cleared {
    /// Those that are ahead, the next one last.
    ahead: Vec<Range>,
    /// Those around the last emptied fact.
    around: Vec<Range>,
    /// Where the ranges that hang together around it begin.
    began: u64,
    emptied: u64,
}

/// From one emptied fact to another, both of them among it.
#[derive(Clone, Debug)]
struct Range {
    from: u64,
    to: u64,
    /// Facts in it that were emptied, and are not met yet.
    left: u64,
    /// What happened before this was old enough.
    before_us: i64,
}

impl Cleared {
    /// Every range in the ledger. Verification holds these facts themselves against their leaves on its way.
    pub(super) async fn read(conn: &mut Conn) -> Result<Self, StoreError> {
        let (mut ranges, mut after) = (Vec::new(), -1);
        loop {
            let page: Vec<(i64, i64, Option<String>)> = sql!(
                fetch_all conn, (i64, i64, Option<String>),
                "SELECT number, at_us, body FROM facts WHERE kind = $1 AND number > $2 ORDER BY number LIMIT $3",
                FactKind::BodiesCleared.as_str(), after, PAGE
            )?;
            let Some((last, ..)) = page.last() else { return Ok(Self::of(ranges)) };
            after = *last;
            // One that cannot be read says nothing: its leaf, or what it should have covered, does not hold.
            ranges.extend(page.iter().filter_map(|(number, at_us, text)| {
                Range::said(count(*number), *at_us, &body_of(text.as_deref()?).ok()?)
            }));
            if ranges.len() > MOST {
                ranges = widened(ranges);
            }
        }
    }

    fn of(mut ranges: Vec<Range>) -> Self {
        ranges.sort_by_key(|range| std::cmp::Reverse(range.from));
        Self { ahead: ranges, ..Self::default() }
    }

    /// How many emptied facts were met.
    pub(super) fn emptied(&self) -> u64 {
        self.emptied
    }

    /// Gives an emptied fact to a range, in the order of their numbers; or what is wrong with it.
    pub(super) fn take(&mut self, leaf: &Leaf) -> Option<BadPlace> {
        let number = leaf.number;
        let bad = |number, what: &str| Some(BadPlace { number, what: what.to_owned() });
        if leaf.kind.parse().is_ok_and(FactKind::keeps_its_words) {
            return bad(number, "its words are gone, and retention never takes those of its kind");
        }
        while let Some(next) = self.ahead.pop_if(|range| range.from <= number) {
            self.around.retain(|range| range.to >= next.from);
            if self.around.is_empty() {
                self.began = next.from;
            }
            self.around.push(next);
        }
        self.around.retain(|range| range.to >= number);
        if self.around.is_empty() {
            return bad(number, "its words are gone, and no retention says so");
        }
        if self.around.iter().all(|range| leaf.at_us >= range.before_us) {
            return bad(number, "its words are gone, and it was too young for the retention that says so");
        }
        let open = self.around.iter_mut().filter(|range| range.left > 0).min_by_key(|range| range.to);
        let Some(range) = open else {
            let what =
                format!("of the facts from here to {number} more have lost their words than retention says");
            return bad(self.began, &what);
        };
        range.left -= 1;
        self.emptied += 1;
        None
    }
}

impl Range {
    /// What a fact with this number, of this time, says.
    fn said(number: u64, at_us: i64, body: &Value) -> Option<Self> {
        let word = |name| body.get(name)?.as_str();
        let says = |name| word(name)?.parse::<u64>().ok();
        let before: jiff::Timestamp = word("before")?.parse().ok()?;
        let range = Self {
            from: says("from")?,
            to: says("to")?,
            left: says("count")?,
            before_us: before.as_microsecond().min(at_us.saturating_sub(LEAST_US).saturating_add(1)),
        };
        // Nothing is emptied before it has happened.
        (range.from <= range.to && range.to < number).then_some(range)
    }
}

/// Half as many, each around two neighbours.
fn widened(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| range.from);
    let around = |pair: &[Range]| {
        pair.iter().cloned().reduce(|one, two| Range {
            from: one.from.min(two.from),
            to: one.to.max(two.to),
            left: one.left.saturating_add(two.left),
            before_us: one.before_us.max(two.before_us),
        })
    };
    ranges.chunks(2).filter_map(around).collect()
}

#[cfg(test)]
mod tests {
    use chaperone_recorder::ledger::Leaf;

    use super::{Cleared, Range, widened};

    fn range(from: u64, to: u64, left: u64) -> Range {
        Range { from, to, left, before_us: 100 }
    }

    /// The first of these emptied facts that is not right.
    fn first_bad(ranges: Vec<Range>, numbers: &[u64]) -> Option<(u64, String)> {
        let mut cleared = Cleared::of(ranges);
        let leaf = |number: &u64| Leaf {
            number: *number,
            at_us: 1,
            kind: "signed-in".to_owned(),
            tags: vec![],
            body_hash: [0; 32],
        };
        numbers.iter().find_map(|number| cleared.take(&leaf(number))).map(|bad| (bad.number, bad.what))
    }

    #[test]
    fn ranges_lie_in_each_other_and_every_count_is_held() {
        let ranges = || vec![range(0, 9, 3), range(2, 4, 2), range(3, 20, 1), range(30, 30, 1)];
        assert_eq!(first_bad(ranges(), &[0, 2, 4, 7, 9, 20, 30]), None);
        for (more, number) in [(1, 0), (3, 0), (8, 0)] {
            let mut numbers = vec![0, 2, 4, 7, 9, 20, more];
            numbers.sort_unstable();
            let (bad, what) = first_bad(ranges(), &numbers).unwrap();
            assert!(bad == number && what.contains("more have lost their words"), "{more}: {bad} {what}");
        }
        for outside in [21, 29, 31] {
            let (bad, what) = first_bad(ranges(), &[0, outside]).unwrap();
            assert!(bad == outside && what.contains("no retention says so"), "{outside}: {bad} {what}");
        }
    }

    #[test]
    fn ranges_that_became_wider_hold_the_same_counts() {
        let ranges: Vec<Range> = (0..7).map(|n| range(n * 10, n * 10 + 3, 2)).collect();
        let honest: Vec<u64> = (0..7).flat_map(|n| [n * 10, n * 10 + 3]).collect();
        let wider = widened(ranges);
        assert_eq!(wider.len(), 4);
        assert_eq!(first_bad(wider.clone(), &honest), None);
        let mut more = honest;
        more.push(41);
        more.sort_unstable();
        assert!(first_bad(wider, &more).is_some());
    }
}
