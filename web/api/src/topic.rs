//! What of the pages a fact makes stale: the names that browsers are told, and nothing of what happened.

use std::collections::BTreeSet;

use chaperone_store::FactKind;

/// Every topic.
pub(crate) const ALL: [&str; 9] =
    ["alerts", "destinations", "freezes", "keeping", "people", "sessions", "targets", "vendors", "windows"];

/// The topics that facts of these kinds make stale.
pub(crate) fn stale(kinds: &[FactKind]) -> BTreeSet<&'static str> {
    kinds.iter().flat_map(|kind| of(*kind)).copied().collect()
}

#[expect(clippy::too_many_lines, reason = "a table: one row for each kind")]
fn of(kind: FactKind) -> &'static [&'static str] {
    use FactKind as K;
    match kind {
        K::SessionAdmitted
        | K::SessionStarted
        | K::SessionConnected
        | K::SessionNeverStarted
        | K::SessionEnded
        | K::SessionSealed
        | K::SessionRecovered
        | K::SessionLost
        | K::SessionPaused
        | K::SessionResumed
        | K::SessionStopAsked
        | K::ObserverAwaited
        | K::ObserverPresent
        | K::OverrunBegan
        | K::SessionWatched
        | K::SessionUnwatched
        | K::ChannelOpened
        | K::FileTransferred
        | K::ChannelClosed => &["sessions"],
        K::PersonAdded
        | K::TechnicianSponsored
        | K::PersonChanged
        | K::KeyWithdrawn
        | K::SignedIn
        | K::FactorsEnrolled
        | K::EnrolmentMade
        | K::ResetAsked
        | K::FactorsReset => &["people"],
        K::LockAdded | K::LockRemoved => &["people", "targets", "vendors"],
        K::VendorAdded
        | K::VendorChanged
        | K::AuthorityAdded
        | K::AuthorityWithdrawn
        | K::CertificateRevoked => &["vendors"],
        K::TargetAdded
        | K::TargetChanged
        | K::CredentialSealed
        | K::CredentialRemoved
        | K::HostKeyProposed
        | K::HostKeyApproved
        | K::HostKeyRefused
        | K::HostKeyRetired => &["targets"],
        K::WindowRequested
        | K::WindowApproved
        | K::WindowDenied
        | K::WindowWithdrawn
        | K::WindowRevoked
        | K::WindowExtended
        | K::WindowMoved
        | K::WindowAccepted
        | K::WindowSubstituted
        | K::WindowReleased
        | K::WindowEmergency
        | K::WindowReturned
        | K::WindowReviewed
        | K::WindowBegun
        | K::WindowClosed
        | K::WindowExpired
        | K::WindowChanged
        | K::MoreTimeAsked
        | K::FileSentAhead
        | K::FileRefused
        | K::FileScanned
        | K::FileWithdrawn
        | K::FileDiscarded
        | K::FileReleased => &["windows"],
        K::FreezeAdded | K::FreezeRemoved => &["freezes", "windows"],
        // An attempt may grow an alert that is not told anew.
        K::AttemptRefused | K::AttemptFailed | K::SignInHeldBack | K::ChannelRefused | K::TokenUsed => {
            &["alerts"]
        }
        K::AlertRaised | K::AlertGrown | K::AlertAcknowledged | K::AlertClosed => &["alerts"],
        K::DestinationAdded
        | K::DestinationRemoved
        | K::DestinationTested
        | K::DestinationFault
        | K::NoticeRefused => &["destinations"],
        K::UnmaskAsked
        | K::UnmaskAgreed
        | K::UnmaskRefused
        | K::UnmaskWithdrawn
        | K::UnmaskExpired
        | K::SecondWordAsked
        | K::SecondWordAgreed
        | K::SecondWordRefused
        | K::SecondWordWithdrawn
        | K::SecondWordExpired
        | K::HoldAdded
        | K::HoldLifted
        | K::RetentionChanged
        | K::RetentionAssigned
        | K::RetentionRan
        | K::RetentionStopped
        | K::RetentionAllowed => &["keeping"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_told_by_some_fact_and_none_is_made_up() {
        let told: Vec<&str> = stale(FactKind::ALL).into_iter().collect();
        assert_eq!(told, ALL);
    }
}
