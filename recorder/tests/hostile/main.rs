//! Readers of bytes that somebody else wrote: whatever the bytes are, no reader panics, none takes long, and none takes
//! more memory than its bound.

use peak_alloc::PeakAlloc;

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod content;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod files;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "of a forger who is shared with the tests of damage, some arts are not needed here"
)]
#[path = "../recording/forger.rs"]
mod forger;
#[cfg(test)]
mod http;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod texts;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "of a visit that is shared with the tests of recordings, some parts are not needed here"
)]
#[path = "../recording/visit.rs"]
mod visit;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;
