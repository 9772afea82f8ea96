//! Who may do what: DESIGN §1's table ([`Act`] × [`Role`] → [`Cell`]), and the one question that every door asks of it.
//!
//! A door names the person, the act and what it is done to; the answer is the role that allows it, or why nothing does.
//! Scopes, validity and locks are part of the answer, and so is that whoever asked for a window, or benefits, never agrees.

mod table;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use self::table::Act;
use crate::{
    Facts, Grant, LockOn, Person, PersonId, Purpose, Role, Scope, Target, TargetId, Validity, VendorId,
    Window,
};

/// What the table says of an act and a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Nothing,
    /// All that lies in the role's scope.
    All,
    /// Windows that the person asked for or works in.
    Own,
    /// Windows and people of the person's own vendor.
    OwnVendor,
    /// Targets in the role's scope, and what happens on them; nothing that is about no target.
    OwnTargets,
    /// Library work, beside the engineer.
    Library,
    /// Together with a second person who may as well.
    Second,
    /// People, and neither vendors, targets nor everything.
    PeopleOnly,
    /// Technicians of a vendor, as their sponsor.
    Sponsored,
    /// Reading only.
    Read,
}

/// What an act is done to.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Nothing in particular: a list, the configuration; or whether somebody may at all. A door that then acts on one
    /// thing asks again and names it.
    AtAll,
    /// A window, as it would be or is.
    Window(&'a Window),
    /// A target, or a visit or recording on it.
    Target(&'a Target),
    /// A person, as they would be or are.
    Person(&'a Person),
    /// A vendor.
    Vendor(VendorId),
    /// The drug library.
    Library,
    /// Everything at once.
    Everything,
}

/// A person may: as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The role that allows it, the first in the table's order.
    pub role: Role,
}

/// Why a person may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody has this id.
    #[error("this person is not enrolled")]
    Unknown,
    /// The person or their vendor is locked.
    #[error("this person is locked")]
    Locked,
    /// The person or their vendor is not valid at this time.
    #[error("this person is not valid at this time")]
    NotValid,
    /// No role of theirs may, whatever the subject.
    #[error("none of this person's roles allows {0}; it takes {takes}", takes = takes(*.0))]
    Role(Act),
    /// A role of theirs may, but not to this.
    #[error("this person's roles allow {0} elsewhere, but not here")]
    Elsewhere(Act),
    /// A role of theirs may look, and not change.
    #[error("this person's roles allow reading what {0} changes, and no more")]
    ReadOnly(Act),
    /// It takes a second person who may as well.
    #[error("{0} takes a second person, who is not the first and may as well")]
    SecondPerson(Act),
    /// They asked for the window, or benefit from it.
    #[error("whoever asked for a window or benefits from it cannot agree to it; somebody else must")]
    OwnWindow,
}

/// Whether a person may do this to that, now.
///
/// # Errors
/// Why not. An act that takes two is denied here; ask [`may_together`].
pub fn may(facts: &Facts, by: PersonId, act: Act, on: Subject<'_>, now: Timestamp) -> Result<Right, Denied> {
    ask(facts, by, act, on, now, |_, cell| !matches!(cell, Cell::Read | Cell::Second))
}

/// Whether a person may do this as this very role: what an approval needs, since one person's counts once.
///
/// # Errors
/// Why not.
pub fn may_as(
    facts: &Facts,
    by: PersonId,
    role: Role,
    act: Act,
    on: Subject<'_>,
    now: Timestamp,
) -> Result<Right, Denied> {
    ask(facts, by, act, on, now, |held, cell| held == role && !matches!(cell, Cell::Read | Cell::Second))
}

/// Whether a person may look at what the act changes.
///
/// # Errors
/// Why not.
pub fn may_read(
    facts: &Facts,
    by: PersonId,
    act: Act,
    on: Subject<'_>,
    now: Timestamp,
) -> Result<Right, Denied> {
    ask(facts, by, act, on, now, |_, cell| cell != Cell::Second)
}

/// Whether a person may be one of the two who do what takes two (or do what takes one).
///
/// # Errors
/// Why not.
pub fn may_beside(
    facts: &Facts,
    by: PersonId,
    act: Act,
    on: Subject<'_>,
    now: Timestamp,
) -> Result<Right, Denied> {
    ask(facts, by, act, on, now, |_, cell| cell != Cell::Read)
}

/// Whether two people may do together what takes two (and what takes one).
///
/// # Errors
/// Why not.
pub fn may_together(
    facts: &Facts,
    (first, second): (PersonId, PersonId),
    act: Act,
    on: Subject<'_>,
    now: Timestamp,
) -> Result<(Right, Right), Denied> {
    let with = |_, cell| cell != Cell::Read;
    let right = ask(facts, first, act, on, now, with)?;
    if first == second {
        return Err(Denied::SecondPerson(act));
    }
    Ok((right, ask(facts, second, act, on, now, with)?))
}

/// Whether the person holds, for this target, a role that connects. Windows, locks and validity are asked by `decide`.
pub(crate) fn may_connect(person: &Person, target: &Target) -> bool {
    let connects = |grant: &&Grant| Act::Connect.cell(grant.role) != Cell::Nothing;
    person.grants.iter().filter(connects).any(|grant| grant.scope.holds(target))
}

fn ask(
    facts: &Facts,
    by: PersonId,
    act: Act,
    on: Subject<'_>,
    now: Timestamp,
    suffices: impl Fn(Role, Cell) -> bool,
) -> Result<Right, Denied> {
    let person = facts.people.get(&by).ok_or(Denied::Unknown)?;
    facts.standing(person, now)?;
    let held: Vec<Role> = act.roles().filter(|role| person.holds(*role)).collect();
    if held.is_empty() {
        return Err(Denied::Role(act));
    }
    if let Subject::Window(window) = on
        && act.agrees()
        && window.serves(person)
    {
        return Err(Denied::OwnWindow);
    }
    let reached = |role: &Role| reaches(facts, person, *role, on) && covers(act.cell(*role), person, on);
    let here: Vec<Role> = held.into_iter().filter(reached).collect();
    if let Some(role) = here.iter().find(|role| suffices(**role, act.cell(**role))) {
        return Ok(Right { role: *role });
    }
    let is = |cell| here.iter().any(|role| act.cell(*role) == cell);
    Err(match () {
        () if is(Cell::Second) => Denied::SecondPerson(act),
        () if is(Cell::Read) => Denied::ReadOnly(act),
        () => Denied::Elsewhere(act),
    })
}

/// Whether the cell covers the subject, scopes aside.
fn covers(cell: Cell, person: &Person, on: Subject<'_>) -> bool {
    let library = |window: &Window| window.purpose == Purpose::Library;
    match (cell, on) {
        (Cell::Nothing, _) => false,
        (Cell::All | Cell::Read | Cell::Second, _) | (_, Subject::AtAll) => true,
        (Cell::Own, Subject::Window(window)) => {
            person.vendor == Some(window.vendor)
                && (window.requester == person.id || window.technicians.contains(&person.id))
        }
        (Cell::OwnVendor, Subject::Window(window)) => person.vendor == Some(window.vendor),
        (Cell::OwnVendor, Subject::Person(other)) => person.vendor.is_some() && person.vendor == other.vendor,
        (Cell::OwnVendor, Subject::Vendor(vendor)) => person.vendor == Some(vendor),
        (Cell::OwnTargets, Subject::Target(_) | Subject::Window(_)) => true,
        (Cell::Library, Subject::Window(window)) => library(window),
        (Cell::Library, Subject::Library) | (Cell::PeopleOnly, Subject::Person(_)) => true,
        (Cell::Sponsored, Subject::Person(other)) => {
            other.vendor.is_some()
                && !other.grants.is_empty()
                && other.grants.iter().all(|grant| grant.role == Role::Technician)
        }
        _ => false,
    }
}

/// Whether the person's grants of the role reach the subject: every target of a window, and everything only from everywhere.
fn reaches(facts: &Facts, person: &Person, role: Role, on: Subject<'_>) -> bool {
    let grants = || person.grants.iter().filter(|grant| grant.role == role);
    let everywhere = || grants().any(|grant| grant.scope == Scope::All);
    let target = |target: &Target| grants().any(|grant| grant.scope.holds(target));
    let target_id = |id: &TargetId| facts.targets.get(id).is_some_and(target);
    match on {
        Subject::AtAll | Subject::Person(_) | Subject::Vendor(_) | Subject::Library => {
            grants().next().is_some()
        }
        Subject::Target(subject) => target(subject),
        Subject::Window(window) => everywhere() || window.targets.iter().all(target_id),
        Subject::Everything => everywhere(),
    }
}

impl Scope {
    /// Whether a target lies in the scope.
    #[must_use]
    pub fn holds(&self, target: &Target) -> bool {
        match self {
            Self::All => true,
            Self::Site(site) => target.card.site.as_ref() == Some(site),
            Self::Group(group) => target.card.group.as_ref() == Some(group),
            Self::Target(name) => target.name == *name,
        }
    }
}

impl Facts {
    /// Whether the person may act at all: known vendor, no lock on either, valid now. A lock on everything stops visits
    /// and not the people who can lift it.
    fn standing(&self, person: &Person, now: Timestamp) -> Result<(), Denied> {
        if self.locks_person(person) {
            return Err(Denied::Locked);
        }
        if self.validities(person).iter().all(|validity| validity.contains(now)) {
            Ok(())
        } else {
            Err(Denied::NotValid)
        }
    }

    /// Whether a lock on the person or their vendor is in force.
    pub(crate) fn locks_person(&self, person: &Person) -> bool {
        self.locks.values().any(|lock| match lock.on {
            LockOn::Person(id) => id == person.id,
            LockOn::Vendor(id) => person.vendor == Some(id),
            LockOn::Target(_) | LockOn::Everything => false,
        })
    }

    /// The spans that bound what the person does: their own and their vendor's. A vendor that is not on record has an
    /// empty one, so that its people are valid at no time.
    pub(crate) fn validities(&self, person: &Person) -> Vec<Validity> {
        let vendor =
            person.vendor.map(|id| self.vendors.get(&id).map_or(Validity::NEVER, |vendor| vendor.validity));
        std::iter::once(person.validity).chain(vendor).collect()
    }
}

fn takes(act: Act) -> String {
    act.roles().map(|role| role.as_str().replace('-', " ")).collect::<Vec<_>>().join(" or ")
}
