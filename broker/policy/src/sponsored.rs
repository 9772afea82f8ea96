//! Somebody enrolled on the spot: an emergency has come, the vendor's technician on duty is nobody whom the gate knows, and
//! somebody of the hospital answers for them. For some hours, with one key, and for emergency windows only.

use jiff::{SignedDuration, Timestamp};

use crate::{EnrolledKey, Facts, Grant, Login, Person, PersonId, Role, Scope, Validity, VendorId, wording};

/// The longest that somebody enrolled on the spot is valid: who is needed for longer is enrolled in order.
pub const ON_THE_SPOT_LASTS: SignedDuration = SignedDuration::from_hours(4);

/// A technician to enrol on the spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTheSpot {
    /// Identity of the person to be.
    pub id: PersonId,
    /// Sign-in name.
    pub login: Login,
    /// Name for people.
    pub name: String,
    /// The company that sends them.
    pub vendor: VendorId,
    /// The key that they hold.
    pub key: EnrolledKey,
    /// For how long.
    pub lasts: SignedDuration,
}

/// Why nobody is enrolled on the spot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnTheSpotError {
    /// Too long, or no time at all.
    #[error(
        "somebody enrolled on the spot is valid for at most {}; enrol them in order if it takes longer",
        wording::words(ON_THE_SPOT_LASTS)
    )]
    TooLong,
    /// The sponsor works for a vendor.
    #[error("{0} works for a vendor; somebody of the hospital answers for a technician enrolled on the spot")]
    NotTheHospitals(Login),
    /// No company has this id.
    #[error("there is no vendor {0}")]
    UnknownVendor(VendorId),
}

impl OnTheSpot {
    /// The person, valid from now on, for whom the sponsor answers. The key is valid for no longer than they are.
    ///
    /// # Errors
    /// When it is for too long, or nobody of the hospital answers for them.
    pub fn enrol(self, facts: &Facts, sponsor: &Person, now: Timestamp) -> Result<Person, OnTheSpotError> {
        if self.lasts <= SignedDuration::ZERO || self.lasts > ON_THE_SPOT_LASTS {
            return Err(OnTheSpotError::TooLong);
        }
        if sponsor.vendor.is_some() {
            return Err(OnTheSpotError::NotTheHospitals(sponsor.login.clone()));
        }
        if !facts.vendors.contains_key(&self.vendor) {
            return Err(OnTheSpotError::UnknownVendor(self.vendor));
        }
        let until = now.checked_add(self.lasts).map_err(|_| OnTheSpotError::TooLong)?;
        let validity = Validity { from: Some(now), until: Some(until) };
        Ok(Person {
            id: self.id,
            login: self.login,
            name: self.name,
            email: None,
            vendor: Some(self.vendor),
            grants: vec![Grant { role: Role::Technician, scope: Scope::All }],
            validity,
            source_networks: Vec::new(),
            keys: vec![EnrolledKey { validity, ..self.key }],
            session_limit: None,
            sponsor: Some(sponsor.id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hospital::{CARLA, MERIDIAN, PRIYA, at, hospital};
    use crate::{Purpose, TransitionError, hospital as house};

    fn nora(lasts: SignedDuration) -> OnTheSpot {
        let key = EnrolledKey {
            fingerprint: "SHA256:n".to_owned(),
            openssh: String::new(),
            validity: Validity::default(),
        };
        OnTheSpot {
            id: PersonId(uuid::Uuid::from_u128(0x99)),
            login: "nora".parse().unwrap(),
            name: "Nora".to_owned(),
            vendor: MERIDIAN,
            key,
            lasts,
        }
    }

    #[test]
    fn who_is_enrolled_on_the_spot_is_valid_for_four_hours_at_most_and_somebody_of_the_hospital_answers() {
        let facts = hospital();
        let priya = facts.who(PRIYA);
        let person = nora(ON_THE_SPOT_LASTS).enrol(&facts, priya, at("22:00")).unwrap();
        assert_eq!((person.sponsor, person.validity.until), (Some(PRIYA), Some(at("26T02:00"))));
        assert_eq!(person.keys[0].validity, person.validity, "the key goes with the person");
        assert!(!person.validity.contains(at("26T02:00")));
        for lasts in [SignedDuration::ZERO, ON_THE_SPOT_LASTS + SignedDuration::from_secs(1)] {
            assert_eq!(nora(lasts).enrol(&facts, priya, at("22:00")), Err(OnTheSpotError::TooLong));
        }
        let theirs = nora(ON_THE_SPOT_LASTS).enrol(&facts, facts.who(CARLA), at("22:00"));
        assert!(matches!(theirs, Err(OnTheSpotError::NotTheHospitals(_))));
        let nobodys = OnTheSpot { vendor: VendorId(uuid::Uuid::nil()), ..nora(ON_THE_SPOT_LASTS) };
        assert!(matches!(nobodys.enrol(&facts, priya, at("22:00")), Err(OnTheSpotError::UnknownVendor(_))));
    }

    #[test]
    fn who_is_enrolled_on_the_spot_stands_in_emergency_windows_only() {
        let mut facts = hospital();
        let person = nora(ON_THE_SPOT_LASTS).enrol(&facts, facts.who(PRIYA), at("22:00")).unwrap();
        let id = person.id;
        facts.people.insert(id, person);
        let request = |purpose| crate::WindowRequest {
            technicians: [id].into(),
            purpose,
            requester: id,
            ..house::request(7)
        };
        let planned = request(Purpose::Patch).ask(&facts, at("21:00"));
        assert!(matches!(planned, Err(TransitionError::EnrolledForEmergency(_))), "{planned:?}");
        assert!(request(Purpose::Emergency).ask(&facts, at("21:00")).is_ok());
        let put_in = house::window(1).substitute(
            house::DANA,
            facts.who(id),
            facts.who(PRIYA),
            Role::ClinicalEngineer,
            at("21:00"),
        );
        assert!(matches!(put_in, Err(TransitionError::EnrolledForEmergency(_))), "{put_in:?}");
    }
}
