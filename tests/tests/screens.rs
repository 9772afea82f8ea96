//! Full-screen programs look through the gate as they do without it: at usual and odd sizes, and after the terminal got
//! another size.

use std::path::Path;

use chaperone_tests::{House, Screen, Ssh, TARGET, Technician, Terminal};

/// The same server: through the gate, and around it.
struct Both {
    house: House,
}

impl Both {
    fn new() -> Self {
        let house = House::start();
        house.open_window("dana", "shell,exec", "+10m");
        Self { house }
    }

    fn through(&self) -> Ssh {
        self.house.technician("dana").ssh(TARGET)
    }

    /// Somebody who knows the account's key and goes around the gate.
    fn direct(&self) -> Ssh {
        let target = &self.house.target;
        let insider = Technician {
            login: target.account().to_owned(),
            key: target.account_key().clone(),
            folder: self.house.folder().to_owned(),
            port: target.port(),
        };
        insider.ssh_as(&insider.login)
    }

    /// Plays the same on both and compares what it comes to.
    #[track_caller]
    fn look_the_same(&self, size: (u16, u16), command: &str, play: impl Fn(&Terminal) -> Screen) {
        let command = format!("clear; {command}");
        let direct = play(&self.direct().opens_at(size, &command));
        let through = play(&self.through().opens_at(size, &command));
        assert!(
            direct == through,
            "at {size:?} {command} looks otherwise\n--- direct\n{direct:?}\n--- through the gate\n{through:?}"
        );
    }
}

/// A text with long lines, tabs and letters of every width.
fn text(folder: &Path) -> String {
    let file = folder.join("library.txt");
    let lines: String = (1..200)
        .map(|n| format!("{n}\tNaCl 0.9 % · 点滴 · µg/kg/min {}\n", "infusion ".repeat(n % 40)))
        .collect();
    std::fs::write(&file, lines).unwrap();
    file.display().to_string()
}

const SIZES: [(u16, u16); 4] = [(80, 24), (133, 43), (20, 10), (1000, 3)];

#[test]
fn vim_looks_the_same_and_after_a_resize_too() {
    let both = Both::new();
    let file = text(both.house.folder());
    let command = format!("LC_ALL=C.UTF-8 vim -u NONE -i NONE -n -c 'set ruler nowrap' {file}");
    for size in SIZES {
        both.look_the_same(size, &command, |terminal| {
            let sizes = [(0, size)];
            terminal.settles(&sizes, "vim to show the text", |screen| screen.lines[0].contains("NaCl"));
            terminal.types("50Gzt$i changed here \x1b");
            terminal.settles(&sizes, "vim to be at line 50", |screen| {
                screen.lines[0].contains("changed here") || size.0 < 40
            })
        });
    }
    both.look_the_same((80, 24), &command, |terminal| {
        let mut sizes = vec![(0, (80, 24))];
        terminal.settles(&sizes, "vim to show the text", |screen| screen.lines[0].contains("NaCl"));
        terminal.types("100Gzt");
        terminal.settles(&sizes, "vim to be at line 100", |screen| screen.lines[0].contains("100"));
        for size in [(133, 43), (40, 12), (100, 30)] {
            sizes.push((terminal.bytes().len(), size));
            terminal.resizes(size.0, size.1);
            terminal.settles(&sizes, "vim to fill its new size", |screen| {
                screen.lines.len() == usize::from(size.1)
                    && screen.lines.last().is_some_and(|last| !last.is_empty())
            });
        }
        terminal.settles(&sizes, "vim to be still", |_| true)
    });
}

#[test]
fn tmux_looks_the_same() {
    let both = Both::new();
    for size in [(80, 24), (133, 43), (40, 10)] {
        // A server of its own for each, that ends with it.
        let command = "LC_ALL=C.UTF-8 tmux -f /dev/null -L $$ new-session 'printf %s ready; cat' \\; set status-right '' \\; \
             split-window -h 'printf %s beside; cat'; true";
        both.look_the_same(size, command, |terminal| {
            let sizes = [(0, size)];
            terminal.settles(&sizes, "tmux to show both panes", |screen| {
                let shown = screen.lines.join("\n");
                shown.contains("ready") && shown.contains("beside")
            });
            terminal.types("typed into the second\x02\x1b[D");
            terminal.types("and the first\r");
            terminal.settles(&sizes, "tmux to show what was typed", |screen| {
                screen.lines.join("\n").contains("and the first")
            })
        });
    }
}

#[test]
fn top_looks_the_same_but_for_what_it_measures() {
    let both = Both::new();
    for size in [(80, 24), (133, 43), (20, 10)] {
        // Numbers are of their moment: what stands where is not.
        let heads = |terminal: &Terminal| {
            let sizes = [(0, size)];
            let screen = terminal.settles(&sizes, "top to show its table", |screen| {
                screen.lines.iter().any(|line| line.contains("PID"))
            });
            let at = screen.lines.iter().position(|line| line.contains("PID"));
            (at, at.map(|at| screen.lines[at].clone()), screen.lines.len(), screen.cursor)
        };
        let command = "clear; LC_ALL=C.UTF-8 top -d 60";
        let direct = heads(&both.direct().opens_at(size, command));
        let through = heads(&both.through().opens_at(size, command));
        assert_eq!(direct, through, "at {size:?}");
    }
}
