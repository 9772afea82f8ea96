//! Where one request of HTTP/1 ends and the next begins (RFC 9112 §6), as far as that can be told from the client's side.

/// Longest line of a chunk, in bytes.
const CHUNK_LINE_BYTES: u64 = 16 << 10;

/// What comes next.
#[derive(Debug)]
pub(super) enum Framing {
    /// A request, or something that is none.
    Begins,
    /// The rest of a request's head.
    Head,
    /// So much of a body.
    Body(u64),
    /// The line before a chunk: its size as far as it was said, whether that is over, and the line's length.
    ChunkLine { size: u64, said: bool, length: u64 },
    /// So much of a chunk, with the end of its line.
    Chunk(u64),
    /// Lines after the last chunk; whether one has begun.
    Trailers { begun: bool },
    /// Anything: it is not looked at any more.
    Other,
}

/// What a client's first bytes look like.
pub(super) enum Looks {
    /// A request of HTTP/1.
    Http,
    /// None.
    Other,
    /// It cannot be told yet.
    Open,
}

/// Looks at the beginning of a request.
pub(super) fn looks(bytes: &[u8]) -> Looks {
    let is_method = |letter: &u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(letter);
    let line = bytes.split(|letter| *letter == b'\n').next().unwrap_or_default();
    let method = line.split(|letter| *letter == b' ').next().unwrap_or_default();
    if method.is_empty() || !method.iter().all(is_method) {
        return Looks::Other;
    }
    if line.len() == bytes.len() {
        return Looks::Open;
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let version = line.rsplit(|letter| *letter == b' ').next().unwrap_or_default();
    if line.contains(&b' ') && version.starts_with(b"HTTP/1.") { Looks::Http } else { Looks::Other }
}

/// The first byte after a head: after its first empty line.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in bytes.split_inclusive(|letter| *letter == b'\n') {
        at += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return Some(at);
        }
    }
    None
}

/// A head, as text.
pub(super) struct Head {
    method: String,
    target: String,
    /// Names in small letters.
    fields: Vec<(String, String)>,
}

impl Head {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields = fields.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        Self { method: method.to_owned(), target: target.to_owned(), fields: fields.collect() }
    }

    /// The values of a field.
    pub(super) fn fields(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a page of another port or site has a browser make it (Fetch Metadata): a link that is opened as a page of its
    /// own from another port of this machine is no such request.
    pub(super) fn is_of_another_page(&self) -> bool {
        let says = |name: &str, word: &str| self.fields(name).any(|said| said.eq_ignore_ascii_case(word));
        let opens_a_page = says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document");
        says("sec-fetch-site", "cross-site") || (says("sec-fetch-site", "same-site") && !opens_a_page)
    }

    /// Whether a browser makes it, as it says itself; no page can set or remove a field whose name begins with `Sec-` (Fetch,
    /// forbidden request-headers), and some send no `Sec-Fetch-Site` with a web socket.
    pub(super) fn is_of_a_browser(&self) -> bool {
        let says_where = self.fields.iter().any(|(name, _)| name.starts_with("sec-"));
        says_where || self.fields("user-agent").any(|agent| agent.to_ascii_lowercase().contains("mozilla"))
    }

    /// The host of a target that is a whole URL (RFC 9112 §3.2.2).
    pub(super) fn authority(&self) -> Option<&str> {
        let (_, rest) = self.target.split_once("://").filter(|_| !self.target.starts_with('/'))?;
        rest.split(['/', '?', '#']).next()
    }

    /// What comes after it. What two servers could read in two ways is not followed.
    pub(super) fn framing(&self) -> Framing {
        let has = |name: &str, word: &str| {
            let mut words = self.fields(name).flat_map(|value| value.split(','));
            words.any(|known| known.trim().eq_ignore_ascii_case(word))
        };
        let lengths: Vec<&str> = self.fields("content-length").collect();
        if self.method == "CONNECT" || has("connection", "upgrade") {
            return Framing::Other;
        }
        match (has("transfer-encoding", "chunked"), lengths.as_slice()) {
            (true, []) => Framing::ChunkLine { size: 0, said: false, length: 0 },
            (false, []) => Framing::Begins,
            (false, [length]) => match length.parse() {
                Ok(0) => Framing::Begins,
                Ok(length) => Framing::Body(length),
                Err(_) => Framing::Other,
            },
            _ => Framing::Other,
        }
    }
}

impl Framing {
    /// How many of these bytes go on before something else comes: at least one, unless a head comes.
    pub(super) fn passes(&mut self, bytes: &[u8]) -> usize {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        match self {
            Self::Begins | Self::Head => 0,
            Self::Other => bytes.len(),
            Self::Body(left) | Self::Chunk(left) => {
                let passed = count.min(*left);
                *left -= passed;
                if *left == 0 {
                    *self = match self {
                        Self::Chunk(_) => Self::ChunkLine { size: 0, said: false, length: 0 },
                        _ => Self::Begins,
                    };
                }
                usize::try_from(passed).unwrap_or(bytes.len())
            }
            Self::ChunkLine { .. } | Self::Trailers { .. } => {
                if let Some(letter) = bytes.first() {
                    self.reads(*letter);
                }
                1
            }
        }
    }

    /// One octet of a line between chunks.
    fn reads(&mut self, letter: u8) {
        *self = match (&*self, letter) {
            (Self::ChunkLine { size: 0, length: 1.., .. }, b'\n') => Self::Trailers { begun: false },
            (Self::ChunkLine { size, length: 1.., .. }, b'\n') => Self::Chunk(size.saturating_add(2)),
            (Self::ChunkLine { size, said, length }, _) if *length < CHUNK_LINE_BYTES => {
                let digit = char::from(letter).to_digit(16).filter(|_| !said);
                match digit {
                    // No body is as long as that.
                    Some(_) if *size > u64::MAX >> 4 => Self::Other,
                    Some(digit) => Self::ChunkLine {
                        size: size * 16 + u64::from(digit),
                        said: false,
                        length: length + 1,
                    },
                    // An extension (RFC 9112 §7.1.1), or the end of the line; a line without a size is no chunk's.
                    None if *length > 0 => Self::ChunkLine { size: *size, said: true, length: length + 1 },
                    None => Self::Other,
                }
            }
            (Self::Trailers { begun: false }, b'\n') => Self::Begins,
            (Self::Trailers { .. }, b'\n') => Self::Trailers { begun: false },
            (Self::Trailers { begun }, b'\r') => Self::Trailers { begun: *begun },
            (Self::Trailers { .. }, _) => Self::Trailers { begun: true },
            _ => Self::Other,
        };
    }
}
