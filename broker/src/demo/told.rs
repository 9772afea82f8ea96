//! What the demo says of itself: whom its front page signs in, and what its terminal offers to paste.

use chaperone_web::wire::{DemoDesk, DemoView};

use super::error::DemoError;
use super::seed::{CONSOLE, Cast};
use super::stage::{Stage, free_port, quoted, text};

/// A place on the front page.
pub(super) fn desk(login: &str, name: &str, desk: &str, words: &str) -> DemoDesk {
    DemoDesk { login: login.into(), name: name.into(), desk: desk.into(), words: words.into() }
}

/// Whom the page signs in with one click, for the gate to read.
pub(super) fn desks(stage: &Stage, cast: &Cast) -> Result<(), DemoError> {
    let desks = vec![
        desk(
            "dana",
            "Dana Reyes",
            "technician",
            "Technician of Meridian Infusion: her change windows, how to connect, and a web console to open",
        ),
        desk(
            "priya",
            "Priya Nair",
            "engineering",
            "Clinical engineer: requests to decide, servers, what goes on now",
        ),
        desk("sam", "Sam Okafor", "soc", "SOC analyst: alerts, live visits, recordings"),
        desk("admin", "Administrator", "administration", "People, vendors, where alerts go"),
    ];
    let ssh = [(&cast.dana, "dana+alaris-sm-01"), (&cast.viktor, "viktor+alaris-sm-01")];
    stage.seat(&DemoView {
        desks,
        ssh: ssh.map(|(key, user)| stage.ssh_words(key, user).join(" ")).to_vec(),
        note: "Everything runs on this machine. The servers are stand-ins: real shells as you, and a web console. Your \
               browser does not know the demo’s own authority, which vouches for the console’s address: go on past its \
               warning, or trust the file that the demo’s terminal names."
            .to_owned(),
    })
}

/// What to paste, the web console by this window.
pub(super) async fn tell(stage: &Stage, cast: &Cast, console: &str) -> Result<(), DemoError> {
    let ssh = |key, user| stage.ssh_words(key, user).join(" ");
    let as_dana = stage.shell_words(&stage.sign_in("dana").await?);
    let local = free_port(9443)?;
    println!(
        "
The desks, each with one click: {server}

Dana's change window is open. Her visit is recorded; scp and sftp take the same options, with -P for -p:
  {dana}

Viktor's window on alaris-sm-01 is not approved. His attempt is refused, and the SOC (below) hears of it:
  {viktor}

Dana's window on the web console {CONSOLE} is open, too. Sign in as Dana and choose Open console:
  {server}/technician/windows/{console}
or print a link, good once, within a minute:
  {as_dana} window console {console}
The gate signs in to the console; Dana never has its password. The browser warns of an authority that it does not know:
go on, or trust {authority} while you look. curl does with --cacert.

The console for a program of one's own, on a port of this machine, recorded in clear. The gate puts nothing into such a
connection: pages that ask for the password answer 401, the status asks for none.
  {as_dana} connect {CONSOLE} --listen 127.0.0.1:{local}
  curl http://127.0.0.1:{local}/api/status

The command line, as the SOC's Sam and as clinical engineering's Priya:
  export CHAPERONE_SERVER={server}
  export CHAPERONE_TOKEN={sam}      # Sam: chaperone alert list, session list, recording play ID
  export CHAPERONE_TOKEN={priya}      # Priya: chaperone window list, window extend ID --closes +120m

The servers are stand-ins: real shells as you, and a console with no pumps, in processes of their own. Ctrl-C ends everything.
",
        server = stage.server(),
        dana = ssh(&cast.dana, "dana+alaris-sm-01"),
        viktor = ssh(&cast.viktor, "viktor+alaris-sm-01"),
        authority = quoted(text(&stage.gate_authority())),
        sam = cast.sam,
        priya = cast.priya,
    );
    Ok(())
}
