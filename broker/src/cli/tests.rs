//! The command line is sound, and wrong usage is found before anything is sent.

use clap::{CommandFactory, Parser};

use super::Cli;

#[test]
fn the_command_tree_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_form_that_scripts_use_is_understood() {
    for line in [
        "init --config F --data D --ssh 127.0.0.1:0 --tls 127.0.0.1:0 --web 127.0.0.1:0 --database sqlite:x --json",
        "serve --config F --roles gate,desk",
        "check-config --config F",
        "migrate --config F",
        "token --config F --person admin --ttl 1h",
        "vendor add Meridian --json",
        "person add dana --name Dana --role technician --vendor Meridian --source-network 10.0.0.0/8 --valid-until +90d",
        "person lock dana --reason lost",
        "target add alaris-sm-01 --ssh 127.0.0.1:22 --account svc --key K --host-key H --site East --pumps 412 --patient-data",
        "target add alaris-sm-01 --ssh 127.0.0.1:22 --account svc --password-stdin --host-key H --tcp db=10.0.0.1:5432",
        "target add console --tls 10.0.0.1:443 --server-name c.example --trust T --http",
        "window request --target a --person dana --access shell,exec --opens now --closes +90m --purpose patch --ticket C --reason r --json",
        "window request --target a --person dana --access shell --opens -1h --closes +12s --purpose patch",
        "window extend ID --closes +120m",
        "window revoke ID --reason x",
        "window list --json",
        "window substitute ID --out dana --in ben",
        "destination add soc --syslog tcp://127.0.0.1:6514",
        "destination add hook --webhook http://127.0.0.1:1/x --secret-file F",
        "destination test soc",
        "session list --json --server http://127.0.0.1:1 --token t",
        "session stop ID --reason x",
        "session pause ID",
        "recording verify ID --json --reason case-7",
        "recording play ID --reason case-7",
        "recording export ID --format asciicast-v3 -o F --reason case-7",
        "recording export ID --format txt -o F --reason case-7",
        "alert list --json",
        "alert close ID --as benign",
        "freeze add --target a --from now --until +1h --reason x",
        "ledger verify",
        "ledger verify --checkpoint A --checkpoint B --reason audit",
        "ledger proof --fact 7",
        "ledger proof --fact 7 --size 12",
        "ledger proof --from 7 --to 12 --json",
        "ledger facts --kind attempt-refused --from -2h --person dana",
        "ledger export --from 0 --to 12 -o F --reason audit",
        "reconcile --target a --auth-log F --from -7d --format sshd --year 2026 --time-zone Europe/Berlin",
        "ledger fork --reason restored",
        "clock accept --reason ntp",
        "connect --stdio --server https://gate.example",
        "connect console-01 --listen 127.0.0.1:0 --json",
    ] {
        let words = std::iter::once("chaperone").chain(line.split(' '));
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn wrong_usage_is_found_before_anything_is_sent() {
    for line in [
        "window request --target a --person dana --access shell --opens tomorrow --closes +1h --purpose patch",
        "target add a --ssh 127.0.0.1:22 --account svc --host-key H",
        "target add a --ssh 127.0.0.1:22 --account svc --key K --password-stdin --host-key H",
        "person add dana --role nurse",
        "destination add soc",
        "recording export ID --format mp4 -o F --reason x",
        "recording export ID --format txt -o F",
        "ledger export -o F",
        "ledger proof",
        "ledger proof --fact 1 --from 2",
        "reconcile --target a",
        "vendor lock X",
    ] {
        let words = std::iter::once("chaperone").chain(line.split(' '));
        assert!(Cli::try_parse_from(words).is_err(), "{line}");
    }
}
