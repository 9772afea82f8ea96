//! What the stand-in console shows: plain pages without scripts, light and dark, that say what they are.

use super::{ACCOUNT, Library};

/// How many pumps it claims to have.
pub(super) const PUMPS: u32 = 412;

const STYLE: &str = ":root{color-scheme:light dark;--bg:#eef3f1;--fg:#16211d;--soft:#4b5b54;--line:#c9d5cf;--card:#fff;--go:#0a6247}\
@media(prefers-color-scheme:dark){:root{--bg:#101614;--fg:#e6efeb;--soft:#9fb1a9;--line:#2b3833;--card:#18211e;--go:#6fd0ad}}\
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}\
main{width:min(40rem,100% - 2rem);margin:6vh auto 2rem;padding:1.25rem 1.5rem;background:var(--card);border:1px solid var(--line);border-radius:8px}\
h1{font-size:1.35rem;margin:0 0 .5rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.5rem 0 .5rem}p{margin:.5rem 0}a{color:var(--go)}\
dt,.soft{color:var(--soft)}dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:1rem 0}dd{margin:0;overflow-wrap:anywhere}\
form{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center}input,button{font:inherit;padding:.35rem .7rem;border:1px solid var(--soft);\
border-radius:6px;background:transparent;color:inherit}input{width:9rem}button{border-color:var(--go);color:var(--go)}\
ul{margin:.5rem 0;padding-left:1.2rem}:focus-visible{outline:3px solid var(--go);outline-offset:2px}";

const STAND_IN: &str =
    "<p class=\"soft\">A stand-in: the demo made this console, and no pump hears of it.</p>";

/// The page that it opens with.
pub(super) fn front(name: &str, library: &Library) -> String {
    let changed = match library.changed {
        Some(at) => format!("changed at {} UTC", at.strftime("%H:%M:%S")),
        None => "not changed since it started".to_owned(),
    };
    whole(
        "Pump console",
        &format!(
            "<h1>{name}: pump console</h1>{STAND_IN}\
             <dl><dt>Pumps on line</dt><dd>{PUMPS}</dd>\
             <dt>Drug library</dt><dd><b id=\"library\">{version}</b>, {changed}</dd>\
             <dt>Signed in as</dt><dd>{ACCOUNT}</dd></dl>\
             <p>This console let you in by a user and a password. You have typed neither: the gate put them into the request, \
             and they are not in the recording.</p>\
             <h2>Drug library</h2>\
             <form method=\"post\" action=\"/library\"><label for=\"version\">New version</label>\
             <input id=\"version\" name=\"version\" required maxlength=\"20\" autocomplete=\"off\">\
             <button>Update the library</button></form>\
             <h2>More</h2><ul><li><a href=\"/log\">The pumps’ log, as it comes</a></li>\
             <li><a href=\"/api/status\">Status, as JSON</a></li>\
             <li><a href=\"/.chaperone/\">The gate’s own page here</a>: the time left, and <i>leave</i></li></ul>",
            version = library.version.0,
        ),
    )
}

/// A page with one sentence.
pub(super) fn notice(says: &str) -> String {
    whole(says, &format!("<h1>{says}</h1>{STAND_IN}<p><a href=\"/\">To the console</a></p>"))
}

/// What a pump says.
pub(super) fn logged(number: u32) -> String {
    let pump = number.wrapping_mul(37) % PUMPS + 1;
    let rate = number.wrapping_mul(13) % 90 + 10;
    format!("pump {pump:03} runs at {rate} mL/h")
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><link rel=\"icon\" href=\"data:,\"><title>{title} (stand-in)</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}
