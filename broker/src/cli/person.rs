//! `chaperone person …`

use std::path::PathBuf;

use chaperone_web::wire::{
    Because, EnrolmentLink, Go, Moment, NewEmail, NewKey, NewOnTheSpot, NewPerson, PersonView, ResetView,
    WithdrawnKey, grant_from_text,
};
use clap::{Args, Subcommand};

use super::moment::{FORMS, moment};
use super::outcome::Failure;
use super::public_key;
use super::table::{Table, join, maybe_time};
use super::via::{Remote, Via};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Enrol a person
    Add(Add),
    /// List everybody
    List,
    /// Show a person with their keys
    Show {
        /// Sign-in name
        login: String,
    },
    /// Keep a person out, and end their visits
    Lock {
        /// Sign-in name
        login: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Let a person in again
    Unlock {
        /// Sign-in name
        login: String,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Enrol a technician on the spot, in an emergency: for at most 4 hours, and you answer for them
    Emergency {
        /// Sign-in name
        login: String,
        /// Name for people
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// The company that sends them
        #[arg(long, value_name = "NAME")]
        vendor: String,
        /// Their public key file
        #[arg(long, value_name = "FILE")]
        ssh_key: PathBuf,
        /// For how many minutes; at most 240
        #[arg(long, value_name = "N", default_value_t = 240)]
        minutes: u32,
        /// Why, and who vouched for them
        #[arg(long)]
        reason: String,
    },
    /// Make a link by which a person chooses a password and a second factor; it works once
    Enrol {
        /// Sign-in name
        login: String,
    },
    /// Take a person's password and second factor away: an administrator says so and an engineer
    Reset {
        /// Sign-in name
        login: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Say where a person is told by mail what becomes of their change windows
    SetEmail {
        /// Sign-in name
        login: String,
        /// The address; leave out for no mail
        address: Option<String>,
    },
    /// Enrol one more SSH key
    AddKey {
        /// Sign-in name
        login: String,
        /// A public key file
        #[arg(long, value_name = "FILE")]
        ssh_key: PathBuf,
        #[arg(long, value_name = "TIME", value_parser = moment, help = format!("When it may no longer be used: {FORMS}"))]
        valid_until: Option<Moment>,
    },
    /// Withdraw an SSH key: it proves nobody any more, and visits that were begun with it end
    WithdrawKey {
        /// Sign-in name
        login: String,
        /// As `ssh-keygen -l` and `chaperone person show` print it
        #[arg(long, value_name = "SHA256:…")]
        fingerprint: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Sign-in name: the first part of the SSH user name
    login: String,
    /// Name for people
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Role: technician, coordinator, clinical-engineer, pharmacist, analyst, lead, auditor, administrator; with a scope
    /// as ROLE@site:NAME, ROLE@group:NAME or ROLE@target:NAME; repeat for more
    #[arg(long, required = true, value_parser = grant)]
    role: Vec<String>,
    /// Where they are told by mail what becomes of their change windows
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The company they work for; leave out for hospital staff
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
    /// A public key file; repeat for more
    #[arg(long, value_name = "FILE")]
    ssh_key: Vec<PathBuf>,
    /// A network they may come from; repeat for more
    #[arg(long, value_name = "ADDR/BITS")]
    source_network: Vec<String>,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("First instant they may sign in: {FORMS}"))]
    valid_from: Option<Moment>,
    #[arg(long, value_name = "TIME", value_parser = moment, help = format!("When they may no longer sign in: {FORMS}"))]
    valid_until: Option<Moment>,
    /// How many sessions they may have at once
    #[arg(long, value_name = "N")]
    session_limit: Option<u32>,
}

fn grant(text: &str) -> Result<String, String> {
    grant_from_text(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

pub(crate) async fn run(Remote { via, verb }: Remote<Verb>) -> Result<(), Failure> {
    let client = via.client()?;
    match verb {
        Verb::Add(add) => {
            let person: PersonView = client.post(&["people"], &add.request()?).await?;
            via.done(&person, |person| format!("Enrolled {} ({}).", person.login, person.id))
        }
        Verb::List => list(&via, client.get(&["people"]).await?),
        Verb::Show { login } => show(&via, client.get(&["people", &login]).await?),
        Verb::Lock { login, reason } => {
            let person: PersonView = client.post(&["people", &login, "lock"], &Because { reason }).await?;
            via.done(&person, |person| format!("{} is locked; their visits end now.", person.login))
        }
        Verb::Unlock { login, reason } => {
            let person: PersonView = client.post(&["people", &login, "unlock"], &Because { reason }).await?;
            via.done(&person, |person| format!("{} is no longer locked.", person.login))
        }
        Verb::Emergency { login, name, vendor, ssh_key, minutes, reason } => {
            let keys = public_key::from_file(&ssh_key)?;
            let [ssh_key] = <[String; 1]>::try_from(keys)
                .map_err(|_| Failure::usage("the file must hold one key: the one that they come with"))?;
            let new = NewOnTheSpot { login, name, vendor, ssh_key, minutes: Some(minutes), reason };
            let person: PersonView = client.post(&["emergency", "people"], &new).await?;
            via.done(&person, |person| {
                let until = maybe_time(person.valid_until);
                format!(
                    "Enrolled {} until {until}, for emergency windows; you answer for them.",
                    person.login
                )
            })
        }
        Verb::Enrol { login } => {
            let link: EnrolmentLink = client.post(&["people", &login, "enrolment"], &Go {}).await?;
            via.done(&link, |link| {
                format!("For {login} alone, once, until {}:\n{}", maybe_time(Some(link.expires)), link.link)
            })
        }
        Verb::Reset { login, reason } => {
            let reset: ResetView = client.post(&["people", &login, "reset"], &Because { reason }).await?;
            via.done(&reset, |reset| match (&reset.link, &reset.waiting_for) {
                (Some(link), _) => format!("{login} starts anew, by this link, once:\n{link}"),
                (None, Some(role)) => {
                    format!("It takes a second person, in the role {role}, who runs this too.")
                }
                (None, None) => reset.state.clone(),
            })
        }
        Verb::SetEmail { login, address } => {
            let new = NewEmail { email: address };
            let person: PersonView = client.put(&["people", &login, "email"], &new).await?;
            via.done(&person, |person| match &person.email {
                Some(email) => format!("{} gets mail at {email}.", person.login),
                None => format!("{} gets no mail.", person.login),
            })
        }
        Verb::AddKey { login, ssh_key, valid_until } => {
            let mut person: Option<PersonView> = None;
            for ssh_key in public_key::from_file(&ssh_key)? {
                person =
                    Some(client.post(&["people", &login, "keys"], &NewKey { ssh_key, valid_until }).await?);
            }
            match person {
                Some(person) => {
                    via.done(&person, |person| format!("{} has {} key(s).", person.login, person.keys.len()))
                }
                None => Ok(()),
            }
        }
        Verb::WithdrawKey { login, fingerprint, reason } => {
            let which = WithdrawnKey { fingerprint, reason };
            let person: PersonView = client.post(&["people", &login, "keys", "withdraw"], &which).await?;
            via.done(&person, |person| format!("The key proves {} no more.", person.login))
        }
    }
}

impl Add {
    fn request(self) -> Result<NewPerson, Failure> {
        let mut ssh_keys = Vec::new();
        for path in &self.ssh_key {
            ssh_keys.extend(public_key::from_file(path)?);
        }
        Ok(NewPerson {
            login: self.login,
            name: self.name,
            roles: self.role,
            email: self.email,
            vendor: self.vendor,
            ssh_keys,
            source_networks: self.source_network,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            session_limit: self.session_limit,
        })
    }
}

fn list(via: &Via, people: Vec<PersonView>) -> Result<(), Failure> {
    via.show(&people, |people| {
        let table = Table::list(
            ["login", "name", "roles", "vendor", "keys", "locked"],
            "Nobody yet: `chaperone person add LOGIN --role ROLE`.",
        );
        people.iter().fold(table, |table, person| {
            table.row([
                person.login.clone(),
                person.name.clone(),
                join(&person.roles),
                person.vendor.clone().unwrap_or_default(),
                person.keys.len().to_string(),
                person.locked.clone().unwrap_or_default(),
            ])
        })
    })
}

fn show(via: &Via, person: PersonView) -> Result<(), Failure> {
    via.show(&person, |person| {
        let card = Table::card()
            .line("login", &person.login)
            .line("name", &person.name)
            .line("id", &person.id)
            .line("roles", join(&person.roles))
            .line("vendor", person.vendor.clone().unwrap_or_default())
            .line("mail", person.email.clone().unwrap_or_default())
            .line("may come from", join(&person.source_networks))
            .line("valid from", maybe_time(person.valid_from))
            .line("valid until", maybe_time(person.valid_until))
            .line("enrolled on the spot by", person.sponsor.clone().unwrap_or_default())
            .line("locked", person.locked.clone().unwrap_or_default());
        person.keys.iter().fold(card, |card, key| {
            let until = key
                .valid_until
                .map(|_| format!(" until {}", maybe_time(key.valid_until)))
                .unwrap_or_default();
            card.line("key", format!("{} {}{until}", key.fingerprint, key.algorithm))
        })
    })
}
