//! Facts whose words are over their time, emptied page by page. What proves something that is kept, or says why something
//! is not there any more, is passed by.

use std::collections::BTreeMap;

use chaperone_policy::{Evidence, Facts, Keeping, RetentionClass};
use chaperone_store::{FactKind, StoreError, WordyFact};
use jiff::{SignedDuration, Timestamp};

use super::Retained;
use crate::desk::{Desk, DeskError};

/// Facts that are judged, and emptied, in one transaction: visits come first.
const PAGE: u32 = 200;

impl Desk {
    pub(super) async fn empty_words(
        &self,
        keeping: &Keeping,
        now: Timestamp,
        run: &mut Retained,
    ) -> Result<(), DeskError> {
        let store = &self.inner.store;
        let (facts, oldest_kept) = (store.facts().await?, store.oldest_kept().await?);
        let young = keeping.youngest_words(now);
        let mut from = 0;
        loop {
            let page = store.wordy_facts(from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.number + 1;
            // Facts stand in the order in which they were written: where a whole page is young, so is the rest.
            if page.iter().all(|fact| fact.at >= young) {
                return Ok(());
            }
            let judged = |keeping: &Keeping, facts: &Facts| by_class(&page, keeping, facts, oldest_kept, now);
            let due: usize = judged(keeping, &facts).values().map(Vec::len).sum();
            run.words_due += due as u64;
            if due == 0 || run.dry_run {
                continue;
            }
            let page = page.clone();
            let emptied = store.write(move |tx| {
                Box::pin(async move {
                    let (keeping, facts) = (tx.keeping().await?, tx.shared_facts().await?);
                    let mut emptied = 0;
                    for (class, due) in by_class(&page, &keeping, &facts, oldest_kept, now) {
                        let numbers: Vec<u64> = due.iter().map(|(number, _)| *number).collect();
                        let newest = due.iter().map(|(_, at)| *at).max().unwrap_or(Timestamp::MIN);
                        let before = newest.checked_add(SignedDuration::from_micros(1)).unwrap_or(newest);
                        emptied += tx.empty_bodies(&numbers, before, &class).await?;
                    }
                    Ok::<_, StoreError>(emptied)
                })
            });
            run.words_cleared += emptied.await?;
        }
    }
}

type ByClass = BTreeMap<String, Vec<(u64, Timestamp)>>;

fn by_class(
    page: &[WordyFact],
    keeping: &Keeping,
    facts: &Facts,
    oldest_kept: Option<Timestamp>,
    now: Timestamp,
) -> ByClass {
    let mut due = ByClass::new();
    for fact in page {
        if let Some(class) = class(fact, keeping, facts, oldest_kept, now) {
            due.entry(class.name.to_string()).or_default().push((fact.number, fact.at));
        }
    }
    due
}

/// The class by which a fact's words are over their time.
fn class<'k>(
    fact: &WordyFact,
    keeping: &'k Keeping,
    facts: &Facts,
    oldest_kept: Option<Timestamp>,
    now: Timestamp,
) -> Option<&'k RetentionClass> {
    // What this release does not know, it does not empty.
    let kind = fact.kind?;
    // It lists recordings of many visits: of one that is still kept, perhaps.
    let lists_kept =
        kind == FactKind::RecordingCheckpoint && oldest_kept.is_some_and(|oldest| fact.at >= oldest);
    if fact.needed || kind.keeps_its_words() || lists_kept {
        return None;
    }
    let of_person = fact.person.and_then(|id| facts.people.get(&id)).and_then(|person| person.vendor);
    let evidence = Evidence {
        session: fact.session,
        window: fact.window,
        person: fact.person,
        target: fact.target,
        vendor: fact.vendor.or(of_person),
        from: fact.at,
        until: fact.at,
    };
    // A fact about several targets is due when it is due for each, and by the longest of their classes.
    let of_others = fact.also.iter().map(|target| Evidence { target: Some(*target), ..evidence });
    let due: Option<Vec<_>> =
        std::iter::once(evidence).chain(of_others).map(|of| keeping.words_due(&of, now)).collect();
    due?.into_iter().max_by_key(|class| class.facts_days)
}
