//! Why a request got no answer of the target's: what the technician reads, and what the recording says.

use chaperone_session::DialError;

use super::head::Ambiguity;
use super::limits;
use super::sending::Lost;

/// See above.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// No connection.
    Dial(DialError),
    /// The answer can be read in two ways.
    Ambiguous(Ambiguity),
    /// The connection broke.
    Broken(hyper::Error),
    /// Nothing came in time.
    Slow,
    /// It is in a coding, where a secret must not come back.
    Coded,
    /// A pause lasted to the end, or input ended, before it could be sent.
    InputOver,
    /// The request did not become whole.
    Lost(Lost),
    /// The target's name and what is asked make no URL together.
    NoUrl,
}

impl NoAnswer {
    /// What the target did wrong, where it did; why a connection could not be made is an error of its own already.
    pub(super) fn failure(&self) -> Option<DialError> {
        match self {
            Self::Slow => Some(DialError::Slow(limits::ANSWER_WITHIN)),
            Self::Broken(_) | Self::Coded | Self::NoUrl => Some(DialError::Protocol(self.to_string())),
            Self::Ambiguous(fault) => Some(DialError::Ambiguous(fault.to_string())),
            Self::Dial(_) | Self::InputOver | Self::Lost(_) => None,
        }
    }

    /// What the technician reads.
    pub(super) fn sentence(&self) -> &'static str {
        match self {
            Self::Dial(error) => error.sentence(),
            Self::Ambiguous(_) => "The server's answer could be read in two ways, and was not passed on.",
            Self::Broken(_) => "The server closed the connection before it answered.",
            Self::Slow => "The server has not answered in time.",
            Self::Coded => {
                "The server answered in a coding that nobody asked for, and it was not passed on. Please call the hospital."
            }
            Self::InputOver | Self::Lost(_) => "Nothing new is sent to the server any more.",
            Self::NoUrl => "The gate cannot ask this server for that address. Please call the hospital.",
        }
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dial(error) => error.fmt(f),
            Self::Ambiguous(fault) => write!(f, "the target's answer is ambiguous: {fault}"),
            Self::Broken(error) => write!(f, "the connection to the target broke: {error}"),
            Self::Coded => {
                f.write_str("the target answered in a coding, in which the gate cannot see its credential")
            }
            Self::InputOver => f.write_str("input was over before it could be sent"),
            Self::Lost(Lost::Client) => f.write_str("the client gave the request up"),
            Self::Lost(Lost::Slow) => f.write_str("the rest of the request did not come in time"),
            Self::Lost(Lost::Over) => f.write_str("input was over before all of the request had come"),
            Self::NoUrl => f.write_str("the target has no URL for what is asked"),
            Self::Slow => write!(f, "the target did not answer within {:?}", limits::ANSWER_WITHIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_target_is_not_to_blame_for_is_none_of_its_failures() {
        for why in [NoAnswer::InputOver, NoAnswer::Lost(Lost::Client), NoAnswer::Lost(Lost::Slow)] {
            assert!(why.failure().is_none(), "{why}");
        }
        for (why, failure) in [
            (NoAnswer::Slow, "slow"),
            (NoAnswer::Coded, "protocol"),
            (NoAnswer::Ambiguous(Ambiguity::FirstLine), "ambiguous-answer"),
        ] {
            assert_eq!(why.failure().map(|error| error.as_str()), Some(failure), "{why}");
        }
    }
}
