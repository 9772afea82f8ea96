//! probe
use chaperone_tests::*;
#[test]
fn probe() {
    let house = House::furnish().without_soc().start();
    house.open_window("dana", "shell,exec", "+10m");
    let insider = Technician {
        login: house.target.account().to_owned(),
        key: house.target.account_key().clone(),
        folder: house.folder().to_owned(),
        port: house.target.port(),
    };
    for (name, ssh) in [("direct", insider.ssh_as("root")), ("gate", house.technician("dana").ssh(TARGET))] {
        let mut terminal = ssh.opens_a_shell();
        terminal.types("PS1=; stty -echo; echo re$((0))ady\n");
        terminal.shows("re0ady");
        let began = std::time::Instant::now();
        let paste: String = (0..2000).map(|n| format!("echo line-$(({n} + 0))-done\n")).collect();
        terminal.types(&paste);
        println!("{name} typed {:?}", began.elapsed());
        terminal.types("exit\n");
        terminal.ends();
        println!("{name} ended {:?}", began.elapsed());
    }
}
