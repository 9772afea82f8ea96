//! Typed input, for whoever asked with a reason and another person agreed: for that visit, for an hour, and each look a fact
//! before anything is shown.

use chaperone_policy::{Act, PersonId, Subject, TargetId, WordId, may_together};
use chaperone_recorder::Typed;
use chaperone_store::{FactKind, Tx, WordState};
use serde_json::json;

use crate::desk::{Desk, DeskError};
use crate::export::Outflow;
use crate::look::Look;
use crate::view::{Source, View};

/// On whose word typed input is shown, and what of it.
struct Leave {
    word: WordId,
    agreed_by: PersonId,
    shown: Typed,
}

impl Desk {
    /// A view of a recording with typed input. Whether two people have agreed to it is asked, and that it is looked at is
    /// committed, in one transaction, before anything is seen.
    ///
    /// # Errors
    /// As [`Desk::view`]; and when nobody agreed, one of the two may not any more, or the unmask identity is elsewhere.
    pub async fn view_unmasked(&self, look: &Look, view: View, exported: bool) -> Result<Vec<u8>, DeskError> {
        self.export_unmasked(look, view, exported).await?.whole().await
    }

    /// The same, in pieces.
    ///
    /// # Errors
    /// As [`Desk::view_unmasked`].
    pub async fn export_unmasked(
        &self,
        look: &Look,
        view: View,
        exported: bool,
    ) -> Result<Outflow, DeskError> {
        let path = self.file(look.session)?;
        let inner = &self.inner;
        if inner.unmask.is_empty() {
            return Err(DeskError::NoUnmaskIdentity);
        }
        if inner.keys.identities.is_empty() {
            return Err(DeskError::NoIdentity);
        }
        let asked = look.clone();
        let leave = inner.store.write(move |tx| {
            Box::pin(async move {
                let leave = leave(tx, &asked).await?;
                let body = json!({
                    "format": view.as_str(), "exported": exported, "unmasked": true, "word": leave.word,
                    "agreed_by": leave.agreed_by, "channel": leave.shown.channel,
                    "from_ms": leave.shown.from_ms.map(|ms| ms.to_string()),
                    "to_ms": leave.shown.to_ms.map(|ms| ms.to_string()),
                });
                let kind = if exported { FactKind::RecordingExported } else { FactKind::RecordingViewed };
                tx.fact(asked.fact(kind, body.clone())).await?;
                tx.fact(asked.fact(FactKind::InputUnmasked, body)).await?;
                Ok::<_, DeskError>(leave)
            })
        });
        let leave = leave.await?;
        let mut identities = inner.keys.identities.clone();
        identities.extend(inner.unmask.iter().cloned());
        let shown = Some(leave.shown);
        self.flow(view, Source { path, session: look.session, identities, shown }).await
    }
}

/// The leave that stands for this look: agreed to, in its time, asked for by whoever looks, and both may still.
async fn leave(tx: &mut Tx, look: &Look) -> Result<Leave, DeskError> {
    let (facts, now) = (tx.shared_facts().await?, tx.now());
    let standing = tx.standing_words(Act::UnmaskInput, &look.session.to_string()).await?;
    let own = standing
        .into_iter()
        .filter(|word| word.state == WordState::Agreed && word.asked_by == look.by)
        .find_map(|word| word.answered_by.map(|agreed_by| (word, agreed_by)));
    let (word, agreed_by) = own.ok_or(DeskError::Masked)?;
    let target = look.target.and_then(|id: TargetId| facts.targets.get(&id));
    // What happened on a target that is not on record is for whoever may everywhere.
    let on = target.map_or(Subject::Everything, Subject::Target);
    may_together(&facts, (look.by, agreed_by), Act::UnmaskInput, on, now).map_err(DeskError::Denied)?;
    let number = |name: &str| word.doc.get(name).and_then(serde_json::Value::as_u64);
    // A part that cannot be read is no part: everything would be more than was agreed to.
    let channel = number("channel").map(u32::try_from).transpose().map_err(|_| DeskError::Masked)?;
    let shown = Typed { channel, from_ms: number("from_ms"), to_ms: number("to_ms") };
    Ok(Leave { word: word.id, agreed_by, shown })
}
