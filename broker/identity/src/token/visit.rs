//! Visit tokens: what a browser shows the gate at a console, instead of a client certificate. Two kinds, of which neither
//! does for the other: one opens a console once, within a minute; the other is the cookie that it is traded for. Both name
//! the person, the target, the window and the host name that they are for, and say nothing of what may be done: that is
//! asked of policy at every request.

use chaperone_policy::{Login, PersonId, TargetName, WindowId};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ISSUER, MAX_BYTES, TokenError, TokenKeys};

/// How long a token that opens a console does.
pub const ENTER_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitUse {
    /// Opens a console once.
    Enter,
    /// Is the cookie of a visit.
    Visit,
}

impl VisitUse {
    fn audience(self) -> &'static str {
        match self {
            Self::Enter => "chaperone-console-enter",
            Self::Visit => "chaperone-console-visit",
        }
    }
}

/// What a visit token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visiting {
    /// Who.
    pub person: PersonId,
    /// Their sign-in name.
    pub login: Login,
    /// Where to.
    pub target: TargetName,
    /// In which window.
    pub window: WindowId,
    /// The host name that it is good for, in small letters.
    pub host: String,
}

/// A visit token of this gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitToken {
    /// What it is about.
    pub about: Visiting,
    /// Names the token: one that opens a console is spent under it.
    pub id: Uuid,
    /// First second in which it is worth nothing.
    pub until: Timestamp,
    /// Whether that has come. It still says who it was for.
    pub expired: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sub: String,
    jti: Uuid,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
    person: PersonId,
    target: String,
    window: WindowId,
    host: String,
}

impl TokenKeys {
    /// A visit token under this id.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn mint_visit(
        &self,
        used: VisitUse,
        about: &Visiting,
        id: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<String, TokenError> {
        let claims = Claims {
            sub: about.login.to_string(),
            jti: id,
            iat: now.as_second(),
            exp: until.as_second(),
            iss: ISSUER.to_owned(),
            aud: used.audience().to_owned(),
            person: about.person,
            target: about.target.to_string(),
            window: about.window,
            host: about.host.clone(),
        };
        encode(&Header::new(Algorithm::EdDSA), &claims, &self.sign).map_err(|_| TokenError::Key)
    }

    /// What a visit token says, if this gate signed it for this use at this host. One that has expired is returned too.
    ///
    /// # Errors
    /// When it was never worth anything here.
    pub fn visit(
        &self,
        used: VisitUse,
        token: &str,
        host: &str,
        now: Timestamp,
    ) -> Result<VisitToken, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let mut wanted = Validation::new(Algorithm::EdDSA);
        wanted.set_issuer(&[ISSUER]);
        wanted.set_audience(&[used.audience()]);
        wanted.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Compared below with the caller's clock, to the second.
        wanted.validate_exp = false;
        let claims = decode::<Claims>(token, &self.check, &wanted).map_err(|_| TokenError::Invalid)?.claims;
        if claims.host != host {
            return Err(TokenError::Invalid);
        }
        let about = Visiting {
            person: claims.person,
            login: claims.sub.parse().map_err(|_| TokenError::Invalid)?,
            target: claims.target.parse().map_err(|_| TokenError::Invalid)?,
            window: claims.window,
            host: claims.host,
        };
        let until = Timestamp::from_second(claims.exp).map_err(|_| TokenError::Invalid)?;
        Ok(VisitToken { about, id: claims.jti, until, expired: now >= until })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOST: &str = "alaris-console.web.gate.example";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn keys() -> TokenKeys {
        let folder = tempfile::tempdir().unwrap();
        TokenKeys::load_or_create(&folder.path().join("token.key")).unwrap()
    }

    fn visiting() -> Visiting {
        Visiting {
            person: PersonId(Uuid::from_u128(1)),
            login: "dana".parse().unwrap(),
            target: "alaris-console".parse().unwrap(),
            window: WindowId(Uuid::from_u128(2)),
            host: HOST.to_owned(),
        }
    }

    #[test]
    fn it_says_who_where_and_when_and_that_it_is_over() {
        let (keys, id) = (keys(), Uuid::from_u128(3));
        let token = keys.mint_visit(VisitUse::Visit, &visiting(), id, at(0), at(60)).unwrap();
        let read = keys.visit(VisitUse::Visit, &token, HOST, at(59)).unwrap();
        assert_eq!((read.about, read.id, read.until, read.expired), (visiting(), id, at(60), false));
        assert!(keys.visit(VisitUse::Visit, &token, HOST, at(60)).unwrap().expired);
    }

    #[test]
    fn neither_kind_does_for_the_other_nor_for_the_api_nor_elsewhere() {
        let keys = keys();
        let enter = keys.mint_visit(VisitUse::Enter, &visiting(), Uuid::nil(), at(0), at(60)).unwrap();
        assert!(keys.visit(VisitUse::Visit, &enter, HOST, at(1)).is_err());
        assert!(keys.visit(VisitUse::Enter, &enter, "other.web.gate.example", at(1)).is_err());
        assert!(keys.verify(&enter, at(1)).is_err());
        assert!(self::keys().visit(VisitUse::Enter, &enter, HOST, at(1)).is_err(), "another gate's");
        let api = keys.mint_on_host(&"dana".parse().unwrap(), at(0), SignedDuration::from_secs(60)).unwrap();
        assert!(keys.visit(VisitUse::Enter, &api, HOST, at(1)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_no_token(text in "\\PC{0,200}", at_char in 0usize..300, to in "[a-zA-Z0-9_.-]") {
            let keys = keys();
            prop_assert!(keys.visit(VisitUse::Enter, &text, HOST, at(0)).is_err());
            let token = keys.mint_visit(VisitUse::Enter, &visiting(), Uuid::nil(), at(0), at(60)).unwrap();
            let signature = token.rfind('.').unwrap();
            let place = at_char % signature;
            let mut damaged = token.clone();
            damaged.replace_range(place..=place, &to);
            if damaged != token {
                prop_assert!(keys.visit(VisitUse::Enter, &damaged, HOST, at(0)).is_err());
            }
        }
    }
}
