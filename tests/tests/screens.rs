//! Full-screen programs look through the gate as they do without it: at usual and odd sizes, and after the terminal got
//! another size.

use std::path::Path;

use chaperone_tests::{House, Screen, Ssh, TARGET, Technician, Terminal, soon};

/// The same server: through the gate, and around it.
struct Both {
    house: House,
}

impl Both {
    fn new() -> Self {
        let house = House::start();
        // Long enough for no warning to be due.
        house.open_window("dana", "shell,exec", "+3h");
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

/// Has vim say something at the foot of its screen, again until it is what is right.
#[track_caller]
fn says(terminal: &Terminal, sizes: &[(usize, (u16, u16))], expression: &str, right: &str) -> Screen {
    soon(&format!("vim to say {right}"), || {
        terminal.types(&format!(":echo {expression}\r"));
        let screen = terminal.settles(sizes, "vim to be still", |_| true);
        screen.lines.last().is_some_and(|last| last.contains(right)).then_some(screen)
    })
}

#[test]
fn vim_looks_the_same_and_after_a_resize_too() {
    let both = Both::new();
    let file = text(both.house.folder());
    let command = format!("LC_ALL=C.UTF-8 vim -u NONE -i NONE -n --cmd 'set nowrap shortmess+=F' {file}");
    let shows = |screen: &Screen| screen.lines[0].contains("NaCl");
    for size in SIZES {
        both.look_the_same(size, &command, |terminal| {
            let sizes = [(0, size)];
            terminal.settles(&sizes, "vim to show the text", shows);
            terminal.types("50Gzt$a changed here\x1b");
            says(terminal, &sizes, "'do'.'ne'", "done")
        });
    }
    both.look_the_same((80, 24), &command, |terminal| {
        let mut sizes = vec![(0, (80, 24))];
        terminal.settles(&sizes, "vim to show the text", shows);
        terminal.types("100Gzt");
        for (columns, rows) in [(133, 43), (40, 12), (100, 30)] {
            sizes.push((terminal.bytes().len(), (columns, rows)));
            terminal.resizes(columns, rows);
            says(terminal, &sizes, "&columns.'x'.&lines", &format!("{columns}x{rows}"));
        }
        says(terminal, &sizes, "'do'.'ne'", "done")
    });
}

#[test]
fn tmux_looks_the_same() {
    let both = Both::new();
    for size in [(80, 24), (133, 43), (40, 10)] {
        // A server of its own for each, which ends with it.
        let command = format!(
            "TMUX_TMPDIR={} LC_ALL=C.UTF-8 tmux -f /dev/null -L $$ start-server \\; set -g status off \\; \
             new-session 'printf ready; cat' \\; split-window -h 'printf beside; cat'",
            both.house.folder().display()
        );
        both.look_the_same(size, &command, |terminal| {
            let sizes = [(0, size)];
            let has = |screen: &Screen, text: &str| screen.lines.join("\n").contains(text);
            terminal.settles(&sizes, "tmux to show both panes", |screen| {
                has(screen, "ready") && has(screen, "beside")
            });
            terminal.types("second");
            terminal.settles(&sizes, "tmux to show the second", |screen| has(screen, "besidesecond"));
            terminal.types("\x02ofirst\r");
            terminal.settles(&sizes, "tmux to show what was typed", |screen| {
                has(screen, "besidesecond") && has(screen, "readyfirst")
            })
        });
    }
}

#[test]
fn top_looks_the_same_but_for_what_it_measures() {
    let both = Both::new();
    for size in [(80, 24), (133, 43), (20, 10), (41, 67), (301, 9)] {
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
