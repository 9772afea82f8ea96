//! HAR 1.2: the format that browsers' developer tools open. One entry for each transaction, in the order in which they
//! ended; fields of our own begin with an underscore, as the format asks.
//!
//! Written as it is read: a body of up to 256 KiB waits in memory until its transaction is over, within a room for all of
//! them, and a larger one is read again from the block in which its transaction began.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::again::{Body, Opens, Way};
use super::allowance::Allowance;
use super::coding::{Measured, measure};
use super::head::Fields;
use super::track::{Gather, Room, Tracker, Transaction};
use super::websocket::{self, Message, Sender};
use super::{cookie, text};
use crate::replay::ReplayError;

/// A body up to this waits in memory, and so much of all bodies together, in bytes.
const KEPT: usize = 256 << 10;
const ROOM: usize = 32 << 20;

/// Writes the transactions of a recording as one HAR. `open` opens the recording anew, at a mark or at its beginning. One
/// without any transaction is a HAR without entries. Returns how many there are.
///
/// # Errors
/// When the recording is not sound to its end, or `to` cannot be written.
pub fn har(open: &Opens<'_>, to: &mut dyn Write) -> Result<usize, ReplayError> {
    let mut recording = open(None)?;
    let (session, started) = (recording.header().session, recording.header().started);
    let page = json!({
        "startedDateTime": started.to_string(), "id": "visit", "title": format!("Visit {session}"), "pageTimings": {},
    });
    let creator = json!({ "name": "Chaperone", "version": env!("CARGO_PKG_VERSION") });
    write!(to, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[{page}],\"entries\":[")?;
    let mut har = Har { open, to, browser: None, entries: 0 };
    let (mut tracker, mut mark) = (Tracker::<Kept>::new(ROOM), None);
    loop {
        if let Some(next) = recording.mark() {
            mark = Some(next);
        }
        let Some(entry) = recording.next() else { break };
        if let Some((transaction, kept)) = tracker.take(&entry?, mark) {
            har.entry(&transaction, &kept, tracker.opening())?;
        }
    }
    for (transaction, kept) in tracker.rest() {
        har.entry(&transaction, &kept, tracker.opening())?;
    }
    let (browser, entries) = (har.browser.take(), har.entries);
    let comment = "derived from a recording, which is the evidence; bodies as they passed, before any credential went in";
    write!(to, "],\"comment\":{}", json!(comment))?;
    if let Some(browser) = browser {
        write!(to, ",\"browser\":{}", json!({ "name": browser, "version": "" }))?;
    }
    to.write_all(b"}}\n")?;
    Ok(entries)
}

/// The bodies of a transaction, as far as they wait in memory.
#[derive(Default)]
struct Kept {
    request: Keep,
    response: Keep,
}

#[derive(Default)]
struct Keep {
    bytes: Vec<u8>,
    /// It is larger than what waits.
    elsewhere: bool,
}

impl Keep {
    fn body<'b>(&'b self, open: &'b Opens<'b>, of: &'b Transaction, way: Way) -> Body<'b> {
        if self.elsewhere { Body::elsewhere(open, of, way) } else { Body::Here(&self.bytes) }
    }
}

impl Gather for Kept {
    fn bytes(&mut self, of: &Transaction, way: Way, bytes: &[u8], room: &mut Room) {
        let keep = match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        };
        if keep.elsewhere {
            return;
        }
        let fits = keep.bytes.len() + bytes.len() <= KEPT && bytes.len() <= room.bytes;
        if fits && of.upgraded.is_none() {
            room.bytes -= bytes.len();
            keep.bytes.extend_from_slice(bytes);
        } else {
            room.bytes = room.bytes.saturating_add(keep.bytes.len());
            *keep = Keep { bytes: Vec::new(), elsewhere: true };
        }
    }

    fn held(&self) -> usize {
        self.request.bytes.len() + self.response.bytes.len()
    }
}

struct Har<'h> {
    open: &'h Opens<'h>,
    to: &'h mut dyn Write,
    /// As the first request names itself.
    browser: Option<String>,
    entries: usize,
}

impl Har<'_> {
    fn entry(&mut self, of: &Transaction, kept: &Kept, visit: &Allowance) -> Result<(), ReplayError> {
        if self.browser.is_none() {
            self.browser = of.asked.field("user-agent").map(|agent| agent.chars().take(200).collect());
        }
        if self.entries > 0 {
            self.to.write_all(b",\n")?;
        }
        self.entries += 1;
        let (time, timings) = timings(of);
        let by = of.answered.as_ref().map(|head| if head.gate.is_some() { "gate" } else { "target" });
        let mut about = json!({
            "pageref": "visit", "startedDateTime": of.at.to_string(), "time": time, "timings": timings, "cache": {},
            "connection": of.channel.to_string(), "_number": of.number.to_string(), "_outcome": of.outcome, "_by": by,
            "_credential": of.asked.injected,
        });
        if of.upgraded.is_some() {
            set(&mut about, "_resourceType", json!("websocket"));
        }
        self.begin(&about)?;
        self.to.write_all(b",\"request\":")?;
        self.request(of, &kept.request, visit)?;
        self.to.write_all(b",\"response\":")?;
        self.response(of, &kept.response, visit)?;
        if of.upgraded.is_some() {
            self.messages(of, visit)?;
        }
        Ok(self.to.write_all(b"}")?)
    }

    fn request(&mut self, of: &Transaction, keep: &Keep, visit: &Allowance) -> Result<(), ReplayError> {
        let asked = &of.asked;
        let body = if of.upgraded.is_some() { 0 } else { of.sent.bytes };
        self.begin(&json!({
            "method": asked.method, "url": asked.url, "httpVersion": version(&asked.version),
            "cookies": cookie::sent(all(&asked.headers, "cookie")), "headers": listed(&asked.headers),
            "queryString": cookie::query(&asked.url), "headersSize": -1, "bodySize": body,
            "_sha256": of.sent.sha256, "_recordedBytes": of.sent.recorded,
        }))?;
        if body > 0 {
            let source = keep.body(self.open, of, Way::Request);
            let measured = measure(&source, of.coding(Way::Request), of.is_whole(Way::Request), visit)?;
            let mut about = json!({ "mimeType": asked.field("content-type").unwrap_or_default() });
            if !measured.is_text {
                set(&mut about, "_encoding", json!("base64"));
            }
            note(&mut about, of, Way::Request, &measured);
            self.to.write_all(b",\"postData\":")?;
            self.begin(&about)?;
            self.to.write_all(b",\"text\":")?;
            text::write(&source, &measured, self.to)?;
            self.to.write_all(b"}")?;
        }
        Ok(self.to.write_all(b"}")?)
    }

    fn response(&mut self, of: &Transaction, keep: &Keep, visit: &Allowance) -> Result<(), ReplayError> {
        // Browsers write status 0 where no answer came.
        let nothing = super::head::Answered::default();
        let answered = of.answered.as_ref().unwrap_or(&nothing);
        let body = if of.upgraded.is_some() { 0 } else { of.received.bytes };
        let mut head = json!({
            "status": answered.status, "statusText": reason(answered.status),
            "httpVersion": version(&answered.version),
            "cookies": cookie::set(all(&answered.headers, "set-cookie")), "headers": listed(&answered.headers),
            "redirectURL": answered.field("location").unwrap_or_default(), "headersSize": -1, "bodySize": body,
            "_sha256": of.received.sha256, "_recordedBytes": of.received.recorded,
        });
        if let Some(error) = failed(of) {
            set(&mut head, "_error", json!(error));
        }
        self.begin(&head)?;
        let empty = Keep::default();
        let keep = if of.upgraded.is_some() { &empty } else { keep };
        let source = keep.body(self.open, of, Way::Response);
        let measured = measure(&source, of.coding(Way::Response), of.is_whole(Way::Response), visit)?;
        let mut about = json!({
            "size": measured.bytes, "mimeType": answered.field("content-type").unwrap_or("x-unknown"),
        });
        if measured.left.is_none() && measured.bytes != body && of.is_whole(Way::Response) {
            let saved = i128::from(measured.bytes) - i128::from(body);
            set(&mut about, "compression", json!(i64::try_from(saved).unwrap_or(0)));
        }
        if !measured.is_text {
            set(&mut about, "encoding", json!("base64"));
        }
        note(&mut about, of, Way::Response, &measured);
        self.to.write_all(b",\"content\":")?;
        self.begin(&about)?;
        if measured.bytes > 0 {
            self.to.write_all(b",\"text\":")?;
            text::write(&source, &measured, self.to)?;
        }
        Ok(self.to.write_all(b"}}")?)
    }

    fn messages(&mut self, of: &Transaction, visit: &Allowance) -> Result<(), ReplayError> {
        self.to.write_all(b",\"_webSocketMessages\":[")?;
        let (to, mut count) = (&mut *self.to, 0_u64);
        websocket::messages(self.open, of, visit, &mut |message| {
            // Chrome lists messages, and no control frames.
            if message.opcode >= 8 {
                return Ok(());
            }
            let comma = if count > 0 { "," } else { "" };
            count += 1;
            write!(to, "{comma}{}", listed_message(message))
        })?;
        Ok(self.to.write_all(b"]")?)
    }

    /// Writes an object up to its end, so that more may follow.
    fn begin(&mut self, object: &Value) -> Result<(), ReplayError> {
        let text = object.to_string();
        Ok(self.to.write_all(text.strip_suffix('}').unwrap_or(&text).as_bytes())?)
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// Why a transaction is not what the target did of itself, or not whole, for tools that show it as failed.
fn failed(of: &Transaction) -> Option<String> {
    if let Some(why) = of.answered.as_ref().and_then(|head| head.gate.as_deref()) {
        let said = if why.is_empty() { String::new() } else { format!(": {why}") };
        return Some(format!("answered by the gate, not by the target{said}"));
    }
    let words = match of.outcome.as_str() {
        "complete" => return None,
        "aborted" => "broken off by its client",
        "broken" => "broken off by the target",
        "cut" => "cut by the gate",
        _ => "its end was not recorded",
    };
    Some(words.to_owned())
}

/// Says why content is not all that passed, or not what its type says.
fn note(about: &mut Value, of: &Transaction, way: Way, measured: &Measured) {
    let passed = of.passed(way);
    let mut words = Vec::new();
    if passed.recorded < passed.bytes {
        words.push(match passed.sha256 {
            Some(_) => {
                format!(
                    "{} of {} bytes were recorded; the hash is of all of them",
                    passed.recorded, passed.bytes
                )
            }
            None => format!("{} of at least {} bytes were recorded", passed.recorded, passed.bytes),
        });
    }
    if let Some(coding) = &measured.left {
        words.push(format!("as it passed, under the content coding {coding}"));
    }
    if !words.is_empty() {
        set(about, "comment", json!(words.join("; ")));
    }
}

/// Milliseconds from asking to the end, and where they went. What was not seen is −1, as the format has it, and 0 where
/// it must not be.
fn timings(of: &Transaction) -> (f64, Value) {
    let answered = of.answered_ns.or(of.ended_ns);
    // An answer may begin before all was sent.
    let sent = of.sent_ns.or(answered).unwrap_or(of.begun_ns).min(answered.unwrap_or(u64::MAX));
    let answered = answered.unwrap_or(sent);
    let ended = of.ended_ns.unwrap_or(answered);
    let [send, wait, receive] = [(of.begun_ns, sent), (sent, answered), (answered, ended)]
        .map(|(from, to)| ms(to.saturating_sub(from)));
    let timings = json!({
        "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": send, "wait": wait, "receive": receive,
    });
    (send + wait + receive, timings)
}

/// Milliseconds with three digits behind the point.
fn ms(ns: u64) -> f64 {
    let micros = u32::try_from(ns / 1000).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

fn all<'f>(fields: &'f Fields, name: &'f str) -> impl Iterator<Item = &'f str> {
    fields.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn listed(fields: &Fields) -> Vec<Value> {
    fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn listed_message(message: Message) -> Value {
    let data = match (message.opcode, String::from_utf8(message.data)) {
        (1, Ok(text)) => text,
        (_, Ok(text)) => STANDARD.encode(text),
        (_, Err(error)) => STANDARD.encode(error.into_bytes()),
    };
    let kind = match message.from {
        Sender::Client => "send",
        Sender::Target => "receive",
    };
    let seconds = ms_of(message.at) / 1000.0;
    let mut listed = json!({ "type": kind, "time": seconds, "opcode": message.opcode, "data": data });
    if message.cut {
        set(&mut listed, "_cut", json!(true));
    }
    listed
}

/// Milliseconds since 1970.
fn ms_of(at: jiff::Timestamp) -> f64 {
    at.as_millisecond() as f64
}

fn version(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

/// The reason phrase of a status (RFC 9110 §15); HTTP/2 has none, so it is not recorded.
fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
