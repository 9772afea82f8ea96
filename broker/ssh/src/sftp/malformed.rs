//! What is no SFTP, or none that a recording could be read by, or too much of it: it ends the channel.

/// Why a channel's bytes cannot be taken for SFTP. Display is what the recording and the fact say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error(
        "a packet of {0} bytes: at least 1 and at most 256 KiB are right, 64 KiB for a request without payload"
    )]
    Length(u32),
    #[error("a packet whose fields do not add up to its length, of type {0}")]
    Fields(u8),
    #[error("a packet of type {0}, which version 3 does not have here")]
    Type(u8),
    #[error("a request before the version was agreed, or a second agreement")]
    Agreement,
    #[error("the server speaks version {0}, not 3")]
    Version(u32),
    #[error("two requests with the number {0} are under way")]
    Twice(u32),
    #[error("an answer to the request {0}, which is not under way, or of another kind than was asked for")]
    Unasked(u32),
    #[error("{0} requests are under way or their answers not taken: too many, or of too long paths")]
    TooMany(usize),
    #[error("more than {0} requests were refused")]
    Refused(usize),
}
