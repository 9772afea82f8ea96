//! The store's promises, each on SQLite and on PostgreSQL.

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod consoles;
#[cfg(test)]
mod derived;
#[cfg(test)]
mod gone;
#[cfg(test)]
mod growth;
#[cfg(test)]
mod host_keys;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod place;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod records;
#[cfg(test)]
mod rewound;
#[cfg(test)]
mod second_word;
#[cfg(test)]
mod sent_files;
#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod spool;
#[cfg(test)]
mod writers;

/// Runs each promise on both engines, each on a fresh, migrated database.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise($crate::place::Place::sqlite().await).await;
            }
        )+}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if let Some(place) = $crate::place::Place::postgres().await {
                    super::$promise(place).await;
                }
            }
        )+}
    };
}
pub(crate) use on_both;
