//! A role and where it applies, as one text: `analyst`, `clinical-engineer@site:East`, `…@group:icu`, `…@target:alaris-sm-01`.

use chaperone_policy::{Grant, Role, Scope};

/// Why a text is no grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAGrant {
    /// The role is unknown.
    #[error(transparent)]
    Role(#[from] chaperone_policy::UnknownRole),
    /// The part behind `@` is no scope.
    #[error("{0:?} is no scope; right is site:NAME, group:NAME or target:NAME, or nothing for everywhere")]
    Scope(String),
}

/// Reads a grant.
///
/// # Errors
/// When the role or the scope is unknown.
pub fn grant_from_text(text: &str) -> Result<Grant, NotAGrant> {
    let Some((role, scope)) = text.split_once('@') else {
        return Ok(Grant { role: text.parse()?, scope: Scope::All });
    };
    let wrong = || NotAGrant::Scope(scope.to_owned());
    let scope = match scope.split_once(':') {
        Some((_, "")) | None => return Err(wrong()),
        Some(("site", name)) => Scope::Site(name.to_owned()),
        Some(("group", name)) => Scope::Group(name.to_owned()),
        Some(("target", name)) => Scope::Target(name.parse().map_err(|_| wrong())?),
        Some(_) => return Err(wrong()),
    };
    Ok(Grant { role: role.parse::<Role>()?, scope })
}

/// Renders a grant.
#[must_use]
pub fn grant_to_text(grant: &Grant) -> String {
    match &grant.scope {
        Scope::All => grant.role.to_string(),
        Scope::Site(name) => format!("{}@site:{name}", grant.role),
        Scope::Group(name) => format!("{}@group:{name}", grant.role),
        Scope::Target(name) => format!("{}@target:{name}", grant.role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_survive_being_text() {
        for text in [
            "analyst",
            "clinical-engineer@site:East wing",
            "pharmacist@group:icu",
            "analyst@target:alaris-sm-01",
        ] {
            assert_eq!(grant_to_text(&grant_from_text(text).unwrap()), text);
        }
        for text in ["", "nurse", "analyst@", "analyst@site:", "analyst@moon:1", "analyst@target:UPPER"] {
            assert!(grant_from_text(text).is_err(), "{text:?}");
        }
    }
}
