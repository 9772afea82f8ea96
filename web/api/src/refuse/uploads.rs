//! Why a file was not taken, or not released.

use axum::http::StatusCode;
use chaperone_session::{NotDelivered, NotReleased, NotTaken};

use crate::problem::Problem;

/// What a sender reads whose file no scanner has looked at.
const UNSCANNED: &str = "the scanner does not answer, so the file was refused";
const MEND: &str = "try again; if it goes on, the hospital must see to the gate's scanner";

impl From<NotTaken> for Problem {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::NoScanner => Self::conflict(
                error.to_string(),
                "the hospital sets uploads.scanner; until then files go with the visit itself",
            ),
            NotTaken::Closed => Self::conflict(error.to_string(), "send it to a node that is a gate"),
            NotTaken::TooBig(_) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                error.to_string(),
                "send it in parts, or ask the hospital for more (uploads.file_bytes)",
            ),
            NotTaken::TooMuch(_) => {
                Self::conflict(error.to_string(), "take back what is not needed: chaperone window take-back")
            }
            NotTaken::TooMany => Self::unavailable(error.to_string(), "send it again in a minute"),
            NotTaken::Room => Self::unavailable(
                "the gate's disk has no room for files",
                "the hospital knows; try again later",
            ),
            NotTaken::BrokeOff => Self::bad("the file did not arrive whole", "send it again"),
            NotTaken::Found(found) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("the scanner found {found} in this file, so it was refused"),
                "the hospital's SOC has been told; look at where the file comes from",
            ),
            NotTaken::Unscanned(_) => Self::unavailable(UNSCANNED, MEND),
            NotTaken::Stage(error) => Self::fault("stage a file", &error),
            NotTaken::Store(error) => error.into(),
        }
    }
}

impl From<NotReleased> for Problem {
    fn from(error: NotReleased) -> Self {
        let what = error.to_string();
        match error {
            NotReleased::NotClean(_) => Self::conflict(what, "send it again if it is still needed"),
            NotReleased::UnderWay => {
                Self::conflict(what, "wait for it; chaperone window files WINDOW says what came of it")
            }
            NotReleased::TooMany => Self::unavailable(&what, "try again when some of them are there"),
            NotReleased::Elsewhere(_) => Self::conflict(what, "come in at that node, and release it there"),
            NotReleased::Path => Self::field("to", what),
            NotReleased::NoVisit => {
                Self::conflict(what, "connect first, keep the connection, and release the file then")
            }
            NotReleased::WhichTarget => Self::conflict(what, "name the server: --target NAME"),
            NotReleased::NotConnected => Self::conflict(what, "try again in a moment"),
            NotReleased::Refused(words) => Self::forbidden(
                words.lines().next().unwrap_or_default(),
                "a file is released where the window grants sftp-write: ask clinical engineering",
            ),
            NotReleased::NoScanner => Self::conflict(what, "the hospital sets uploads.scanner"),
            NotReleased::Found(found) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("the scanner now finds {found} in this file, so it was not released and is gone"),
                "the hospital's SOC has been told; look at where the file comes from",
            ),
            NotReleased::Unscanned(_) => Self::unavailable(UNSCANNED, MEND),
            NotReleased::NotDelivered(error) => undelivered(&what, error),
            NotReleased::Store(error) => error.into(),
        }
    }
}

fn undelivered(what: &str, error: NotDelivered) -> Problem {
    match error {
        NotDelivered::Stage(error) => Problem::fault("read a staged file", &error),
        NotDelivered::Ended => {
            Problem::conflict(what, "connect again within the window, and release it again")
        }
        _ => Problem::conflict(what, "nothing was put in its place; check the path and the server's room"),
    }
}
