//! Who has not proved who they are learns nothing (P9): whatever is wrong, the same bytes come back after the same time.
//! Measured on the wire, with the stock client.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chaperone_tests::{Direction, House, KeyPair, Proxy, Segment, TARGET, Technician};

/// Tries of each class.
const TRIES: usize = 200;
/// How far apart the medians of two classes may be.
const APART: Duration = Duration::from_millis(5);
/// Tries at once: enough to be done in time, few enough not to measure each other.
const LANES: usize = 4;

/// What one try left on the wire and on the screen.
struct Try {
    /// From the last question of the client to the gate's answer.
    answered_after: Duration,
    /// The size of everything that came back, in order of arrival.
    back: usize,
    said: String,
}

/// Somebody who tries, and the user name that they try.
#[derive(Clone)]
struct Class {
    name: &'static str,
    user: String,
    who: Technician,
}

#[test]
fn two_hundred_tries_of_each_class_cannot_be_told_apart() {
    let house = House::furnish().without_soc().start();
    let classes = classes(&house);
    let proxies: Vec<_> = (0..LANES).map(|_| Proxy::before(house.gate.ssh_port())).collect();
    let mut tries: BTreeMap<&str, Vec<Try>> = BTreeMap::new();
    let lanes: Vec<Vec<(&str, Try)>> = std::thread::scope(|scope| {
        let lanes: Vec<_> = proxies
            .iter()
            .map(|proxy| {
                let classes = &classes;
                scope.spawn(move || {
                    // Interleaved, so that whatever else the machine does hits every class alike.
                    let rounds = (0..TRIES / LANES)
                        .flat_map(|round| (0..classes.len()).map(move |n| (round + n) % classes.len()));
                    rounds.map(|n| (classes[n].name, attempt(proxy, &classes[n]))).collect()
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).collect()
    });
    for (name, one) in lanes.into_iter().flatten() {
        tries.entry(name).or_default().push(one);
    }
    let medians: BTreeMap<_, _> = tries.iter().map(|(name, tries)| (*name, median(tries))).collect();
    let (least, most) = (medians.values().min().unwrap(), medians.values().max().unwrap());
    assert!(*most - *least <= APART, "the classes can be told apart by time: {medians:?}");
    assert!(
        *least >= Duration::from_millis(50),
        "an answer that waits for nothing hides nothing: {medians:?}"
    );
    let kinds: BTreeMap<_, _> = tries
        .iter()
        .flat_map(|(name, tries)| tries.iter().map(move |one| ((one.back, one.said.clone()), *name)))
        .collect();
    assert_eq!(kinds.len(), 1, "the classes can be told apart by what comes back: {kinds:#?}");
    assert!(tries.values().all(|tries| tries.len() == TRIES));
}

/// Everything that a stranger might want to find out. All user names are of one length.
fn classes(house: &House) -> Vec<Class> {
    let dana = house.technician("dana");
    let stranger = dana.with_key(&KeyPair::make(house.folder(), "stranger"));
    let old = KeyPair::make(house.folder(), "old");
    let until = "+2s";
    house.admin().does(&[
        "person",
        "add-key",
        "dana",
        "--ssh-key",
        old.public.to_str().unwrap(),
        "--valid-until",
        until,
    ]);
    house.admin().does(&["person", "lock", "viktor", "--reason", "lost laptop"]);
    let expired = dana.with_key(&old);
    chaperone_tests::soon("the old key to expire", || {
        (expired.ssh(TARGET).runs("true").status == Some(255)).then_some(())
    });
    let class = |name, user: &str, who: &Technician| Class { name, user: user.to_owned(), who: who.clone() };
    vec![
        class("nobody has this name", &format!("nora+{TARGET}"), &stranger),
        class("a person, and a key that is not enrolled", &format!("dana+{TARGET}"), &stranger),
        class("a person, and somebody else's key", &format!("dana+{TARGET}"), &house.technician("viktor")),
        class("a person, and a key that has expired", &format!("dana+{TARGET}"), &expired),
        class("a server that does not exist", "dana+alaris-sm-99", &stranger),
        class("no server", "dana-alaris-sm-01", &stranger),
    ]
}

fn attempt(proxy: &Proxy, class: &Class) -> Try {
    proxy.forget();
    let ran = class.who.at_port(proxy.port()).ssh_as(&class.user).runs("true");
    assert_eq!(ran.status, Some(255), "{}", class.name);
    let segments = proxy.segments();
    let back: Vec<&Segment> =
        segments.iter().filter(|segment| segment.direction == Direction::Back).collect();
    let answer: Instant = back.last().expect("the gate answers").at;
    let asked = segments.iter().filter(|segment| segment.direction == Direction::Out && segment.at < answer);
    let asked = asked.map(|segment| segment.at).max().expect("the client asks");
    Try {
        answered_after: answer - asked,
        back: back.iter().map(|segment| segment.bytes).sum(),
        said: ran.err.replace(&class.user, "USER"),
    }
}

fn median(tries: &[Try]) -> Duration {
    let mut times: Vec<_> = tries.iter().map(|one| one.answered_after).collect();
    times.sort();
    times[times.len() / 2]
}
