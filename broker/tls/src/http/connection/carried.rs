//! A connection that somebody's API token has opened the way for (`/api/tls`): what a browser shows on it was given to that
//! person, or it is worth nothing there.

use chaperone_identity::VisitToken;

use super::Connection;

impl Connection {
    /// What is wrong with a cookie, or a link, that was given to somebody else than whose token carries it.
    pub(super) async fn carried_by_another(&self, token: &VisitToken, what: &str) -> Option<String> {
        let bearer = self.bearer.filter(|bearer| *bearer != token.about.person)?;
        let known = self.shared.gate.people().await.ok();
        let login = known.and_then(|facts| Some(facts.people.get(&bearer)?.login.to_string()));
        let bearer = login.unwrap_or_else(|| bearer.to_string());
        Some(format!("a {what} of {}'s, and {bearer}'s token carries it", token.about.login))
    }
}
