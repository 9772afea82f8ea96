//! The lines that bring a technician to a server in a window, to be pasted into a terminal as they are.

use chaperone_policy::{Access, Forward, Target, Window};

use crate::SshDoor;
use crate::wire::ConnectLine;

/// Local ports that a forward's line proposes begin here: what others need a privilege for lies below.
const LOCAL_PORTS: u16 = 10_000;

/// Every way to a target that its window grants.
pub(super) fn to(
    target: &Target,
    window: &Window,
    login: &str,
    door: &SshDoor,
    site: &str,
) -> Vec<ConnectLine> {
    let (name, port, host) = (&target.name, door.port, &door.host);
    let has = |access| window.access.contains(&access);
    let ssh = format!("ssh -p {port}");
    let user = format!("{login}+{name}@{host}");
    let mut lines = Vec::new();
    let mut line = |what: String, line: String| lines.push(ConnectLine { what, line });
    if has(Access::Shell) && target.has_ssh() {
        line(format!("Shell on {name}"), format!("{ssh} {user}"));
    }
    if has(Access::Exec) && target.has_ssh() {
        line(format!("One command on {name}"), format!("{ssh} {user} uptime"));
    }
    if (has(Access::SftpRead) || has(Access::SftpWrite)) && target.has_ssh() {
        line(format!("Files of {name}"), format!("sftp -P {port} {user}"));
    }
    if (has(Access::Shell) || has(Access::Exec)) && target.has_ssh() {
        let carried = format!("chaperone connect --stdio --server {site}");
        line(
            format!("{name}, where nothing but HTTPS passes"),
            format!("ssh -o ProxyCommand=\"{carried}\" {user}"),
        );
    }
    let account =
        target.accounts().find(|account| window.accounts.is_empty() || window.accounts.contains(*account));
    if let Some(account) =
        account.filter(|_| door.authority.is_some() && (has(Access::Shell) || has(Access::Exec)))
    {
        line(
            format!("{name} through the gate, under its own name"),
            format!("ssh -J {login}@{host}:{port} {account}@{name}"),
        );
    }
    for forward in target.forwards().filter(|forward| has(forward.access())) {
        line(about(name.as_str(), &forward), format!("{ssh} -N -L {} {user}", local(&forward)));
    }
    lines
}

/// One's own windows, to choose from.
pub(super) fn to_the_menu(window: &Window, login: &str, door: &SshDoor) -> Option<ConnectLine> {
    window.access.contains(&Access::Shell).then(|| ConnectLine {
        what: "A menu of your windows".to_owned(),
        line: format!("ssh -p {} {login}@{}", door.port, door.host),
    })
}

fn about(target: &str, forward: &Forward<'_>) -> String {
    let how = if forward.opaque { " (not recorded on screen)" } else { "" };
    format!("{} of {target}, as port {} of this machine{how}", forward.name, local_port(forward.port))
}

/// `LOCAL:NAME:PORT`.
fn local(forward: &Forward<'_>) -> String {
    format!("{}:{}:{}", local_port(forward.port), forward.name, forward.port)
}

fn local_port(port: u16) -> u16 {
    if port < 1024 { LOCAL_PORTS + port } else { port }
}
