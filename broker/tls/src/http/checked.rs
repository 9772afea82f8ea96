//! The cookie that a connection has shown last, and what it says: a browser shows the same with each request, and its
//! signature need be checked once. Whether it has expired is looked at each time, and policy is asked each time.

use std::sync::{Mutex, PoisonError};

use chaperone_identity::VisitToken;
use jiff::Timestamp;

/// See above.
#[derive(Debug, Default)]
pub(super) struct Checked(Mutex<Option<(String, VisitToken)>>);

impl Checked {
    /// What a cookie says at `now`. Another one than the last is checked by `check`; one that is worth nothing is not kept.
    pub(super) fn token<E>(
        &self,
        cookie: &str,
        now: Timestamp,
        check: impl FnOnce() -> Result<VisitToken, E>,
    ) -> Result<VisitToken, E> {
        if let Some((known, token)) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && known == cookie
        {
            return Ok(VisitToken { expired: now >= token.until, ..token.clone() });
        }
        let token = check()?;
        let kept = (cookie.to_owned(), token.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use chaperone_identity::Visiting;
    use chaperone_policy::{PersonId, WindowId};
    use uuid::Uuid;

    use super::*;

    fn token(id: u128, until: i64) -> VisitToken {
        let about = Visiting {
            person: PersonId(Uuid::nil()),
            login: "dana".parse().unwrap(),
            target: "console-01".parse().unwrap(),
            window: WindowId(Uuid::nil()),
            host: "console-01.web.gate.example".to_owned(),
        };
        let until = Timestamp::from_second(until).unwrap();
        VisitToken { about, id: Uuid::from_u128(id), until, expired: false }
    }

    #[test]
    fn the_same_cookie_is_checked_once_and_expires_all_the_same() {
        let (checked, at) = (Checked::default(), |second| Timestamp::from_second(second).unwrap());
        assert_eq!(checked.token("a", at(1), || Err("none of this gate's")), Err("none of this gate's"));
        assert_eq!(checked.token("a", at(1), || Ok::<_, ()>(token(1, 10))).unwrap().id, Uuid::from_u128(1));
        let again = |now| checked.token("a", at(now), || Err("checked again")).unwrap();
        assert_eq!((again(9).expired, again(10).expired, again(11).id), (false, true, Uuid::from_u128(1)));
        assert_eq!(checked.token("b", at(1), || Err("another")), Err("another"));
        assert_eq!(checked.token("b", at(1), || Ok::<_, ()>(token(2, 10))).unwrap().id, Uuid::from_u128(2));
        assert!(checked.token("a", at(1), || Err("no longer known")).is_err());
    }
}
