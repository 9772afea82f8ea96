//! Who is told of what: the requester, the technicians, who may decide, and the contact of the unit.

use std::collections::BTreeMap;

use chaperone_policy::{
    Act, Facts, MailAddress, Needs, Person, PersonId, Phase, Role, Subject, Window, may, may_as, may_read,
};
use jiff::Timestamp;

use super::{Listener, News, Part, Topic};
use crate::sanitise::plain;

/// Most people that one thing is told to: a hospital that makes everybody an approver does not flood its mail server.
const TOLD_MAX: usize = 64;
/// The longest name that a message carries.
const NAME_MAX: usize = 128;

/// Everybody who is told, each once, by what is most their business. Nobody is told of what they did themselves, but that
/// their request has arrived; nobody who may not know of the window is told of it.
pub(super) fn audience(news: &News<'_>, facts: &Facts) -> Vec<Listener> {
    let (window, at) = (news.window, news.at);
    let mut parts: BTreeMap<PersonId, Part> = BTreeMap::new();
    let mut add = |id: PersonId, part: Part| {
        let had = parts.entry(id).or_insert(part);
        *had = (*had).min(part);
    };
    if news.topic == Topic::HandedOn {
        let stand_ins = news.stand_ins.iter().filter_map(|login| facts.person_by_login(login));
        stand_ins.for_each(|person| add(person.id, Part::StandIn));
    } else {
        approvers(news, facts).into_iter().for_each(|id| add(id, Part::Approver));
    }
    if !only_approvers(news.topic) {
        window.technicians.iter().for_each(|id| add(*id, Part::Technician));
        add(window.requester, Part::Requester);
    }
    let knows = |id: PersonId| may_read(facts, id, Act::SeeWindows, Subject::Window(window), at).is_ok();
    let told = |id: PersonId, part: Part| {
        news.by != Some(id) || (news.topic == Topic::Requested && part != Part::Approver)
    };
    let people = parts.into_iter().filter(|(id, part)| told(*id, *part) && knows(*id));
    let people = people.filter_map(|(id, part)| facts.people.get(&id).map(|person| listener(person, part)));
    let mut all: Vec<Listener> = people.collect();
    if !only_approvers(news.topic) {
        all.extend(contacts(window, facts));
    }
    // Who has to decide comes first, also where there are too many.
    all.sort_by_key(|listener| listener.part);
    let mut addresses = std::collections::BTreeSet::new();
    all.retain(|one| {
        one.person.is_some() || one.email.as_ref().is_none_or(|email| addresses.insert(email.clone()))
    });
    if all.len() > TOLD_MAX {
        tracing::warn!(window.id = %window.id, told = TOLD_MAX, people = all.len(), "too many people to tell them all");
        all.truncate(TOLD_MAX);
    }
    all
}

/// A reminder and a review are no news to anybody but who is to act, or who stands in for them.
fn only_approvers(topic: Topic) -> bool {
    matches!(topic, Topic::Reminder | Topic::HandedOn | Topic::ReviewDue)
}

fn approvers(news: &News<'_>, facts: &Facts) -> Vec<PersonId> {
    let (window, at) = (news.window, news.at);
    let on = Subject::Window(window);
    let act = match news.topic {
        Topic::MoreTime | Topic::NewEnd => Act::ExtendWindow,
        _ => Act::of_approving(window),
    };
    // While yeses are missing, those are asked whose yes counts and who have not given it.
    let asks = matches!(news.topic, Topic::Requested | Topic::Reminder | Topic::Moved)
        && window.phase(at) == Phase::Requested
        && act == Act::ApproveWindow;
    let missing: Vec<Role> =
        Needs::of(facts, window).missing(window).into_iter().map(|(role, _)| role).collect();
    let may_still = |id: PersonId| {
        let said = window.approvals.iter().any(|yes| yes.by == id);
        !said && missing.iter().any(|role| may_as(facts, id, *role, act, on, at).is_ok())
    };
    let decides = |id: PersonId| if asks { may_still(id) } else { may(facts, id, act, on, at).is_ok() };
    facts.people.keys().copied().filter(|id| decides(*id)).collect()
}

fn contacts(window: &Window, facts: &Facts) -> Vec<Listener> {
    let targets = window.targets.iter().filter_map(|id| facts.targets.get(id));
    let contact = |email: MailAddress, unit: &str| Listener {
        part: Part::Contact,
        person: None,
        login: None,
        name: plain(unit, NAME_MAX),
        email: Some(email),
    };
    let of = targets.filter_map(|target| {
        let unit = target.card.unit.as_deref().unwrap_or(target.name.as_str());
        Some(contact(target.card.contact.clone()?, unit))
    });
    of.collect()
}

fn listener(person: &Person, part: Part) -> Listener {
    Listener {
        part,
        person: Some(person.id),
        login: Some(person.login.to_string()),
        name: plain(&person.name, NAME_MAX),
        email: person.email.clone(),
    }
}

/// Whether the person is to accept before they may connect.
pub(super) fn must_accept(window: &Window, person: Option<PersonId>) -> bool {
    person.is_some_and(|id| window.awaiting_acceptance.contains(&id))
}

/// Whether it has opened.
pub(super) fn is_open(window: &Window, at: Timestamp) -> bool {
    window.phase(at) == Phase::Open
}
