//! What a window opens besides SSH: web consoles in the browser, and endpoints for programs on the technician's own machine.

use chaperone_policy::{Access, Endpoint, Facts, Target, Window};

use crate::wire::{ProgramWay, TlsWays};

/// Every console and endpoint that the window grants; nothing where it grants none.
pub(super) fn to(facts: &Facts, window: &Window, site: &str) -> Option<TlsWays> {
    let targets = || window.targets.iter().filter_map(|id| facts.targets.get(id));
    let programs: Vec<ProgramWay> = targets().flat_map(|target| programs(target, window)).collect();
    let consoles = targets().filter(|target| window.access.contains(&Access::Tls) && has_console(target));
    let consoles: Vec<String> = consoles.map(|target| target.name.to_string()).collect();
    let line = format!("chaperone connect {} --server {site}", window.id);
    Some(TlsWays { consoles, line, programs })
        .filter(|ways| !(ways.consoles.is_empty() && ways.programs.is_empty()))
}

fn has_console(target: &Target) -> bool {
    target.endpoints.iter().any(|endpoint| matches!(endpoint, Endpoint::Tls { http: true, .. }))
}

fn programs(target: &Target, window: &Window) -> Vec<ProgramWay> {
    let has = |access| window.access.contains(&access);
    let way = |what: &str, name: &str, port: u16, recorded: &str| ProgramWay {
        target: target.name.to_string(),
        what: what.to_owned(),
        name: name.to_owned(),
        port,
        recorded: recorded.to_owned(),
    };
    let granted = target.endpoints.iter().filter_map(|endpoint| match endpoint {
        // What speaks no TLS is reached as a web console only.
        Endpoint::Tls { terms, .. } if terms.plain_http.is_some() => None,
        Endpoint::Tls { port, server_name, http, .. } => has(Access::Tls).then(|| {
            let what = if *http { "web console" } else { "TLS service" };
            way(what, server_name.as_str(), *port, "plain")
        }),
        Endpoint::Tcp { name, host, port, opaque } => {
            let (access, recorded) =
                if *opaque { (Access::ForwardOpaque, "flow") } else { (Access::Forward, "bytes") };
            has(access).then(|| way(name.as_str(), host.as_str(), *port, recorded))
        }
        Endpoint::Ssh { .. } => None,
    });
    granted.collect()
}
