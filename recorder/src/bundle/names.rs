//! Names of people, vendors and targets, as the hospital's records had them when the bundle was made. The ledger holds
//! ids; a name is the maker's word.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A name that is longer is cut where it is shown.
const SHOWN: usize = 80;

/// Names by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    /// People.
    pub people: BTreeMap<String, NamedPerson>,
    /// Vendors.
    pub vendors: BTreeMap<String, String>,
    /// Targets.
    pub targets: BTreeMap<String, String>,
}

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedPerson {
    /// Login.
    pub login: String,
    /// Name.
    pub name: String,
    /// Id of the vendor.
    pub vendor: Option<String>,
}

impl Names {
    /// Who a person is, in words.
    pub(super) fn person(&self, id: &str) -> String {
        let Some(person) = self.people.get(id) else { return format!("person {}", plain(id)) };
        let vendor = person.vendor.as_ref().and_then(|vendor| self.vendors.get(vendor));
        let of = vendor.map(|vendor| format!(" of {}", plain(vendor))).unwrap_or_default();
        format!("{} ({}){of}", plain(&person.name), plain(&person.login))
    }

    /// A target, in words.
    pub(super) fn target(&self, id: &str) -> String {
        self.targets.get(id).map_or_else(|| format!("target {}", plain(id)), |name| plain(name))
    }
}

/// Text without control, bidirectional and invisible characters, cut.
pub(super) fn plain(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|c| !hides(*c)).take(SHOWN).collect()
}
