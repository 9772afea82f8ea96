//! Recordings as others see them: the files that a live recording leaves, what every kind of damage is called, what a
//! crash leaves and recovery makes of it, and what reads back. And the fixtures, the contract of format version 1.

#[cfg(test)]
mod command;
#[cfg(test)]
mod content;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod files;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod forger;
#[cfg(test)]
mod http;
#[cfg(test)]
mod many_channels;
#[cfg(test)]
mod packets;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod seeking;
#[cfg(test)]
mod visit;
