//! What goes into the stage comes out as it was, or not at all.

use proptest::prelude::*;
use uuid::Uuid;

use super::sealed::PIECE;
use super::*;

fn stage(folder: &Path) -> Stage {
    Stage::new(folder.join("stage"), Vault::load_or_create(&folder.join("vault.key")).unwrap())
}

async fn put(stage: &Stage, bytes: &[u8]) -> (FileId, Taken) {
    let id = FileId(Uuid::now_v7());
    let coming = stage.take(id);
    for piece in bytes.chunks(50_000) {
        assert!(coming.put(Bytes::copy_from_slice(piece)).await);
    }
    let taken = coming.whole().await.unwrap();
    stage.keep(id).await.unwrap();
    (id, taken)
}

async fn all(stage: &Stage, id: FileId) -> Result<Vec<u8>, StageError> {
    let (mut chunks, mut bytes) = (stage.read(id), Vec::new());
    while let Some(piece) = chunks.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_file_comes_out_as_it_went_in_at_every_length_around_a_piece() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7] {
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let (id, taken) = put(&stage, &bytes).await;
        assert_eq!(taken.size_bytes, u64::try_from(length).unwrap());
        assert_eq!(all(&stage, id).await.unwrap(), bytes, "{length}");
        let kept = fs::read(stage.path(id, WHOLE)).unwrap();
        let shows = bytes.first_chunk::<64>().is_some_and(|plain| kept.windows(64).any(|part| part == plain));
        assert!(!shows, "it is sealed");
    }
}

#[tokio::test]
async fn what_broke_off_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let id = FileId(Uuid::now_v7());
    let coming = stage.take(id);
    assert!(coming.put(Bytes::from_static(b"half")).await);
    let Coming { pieces, end } = coming;
    drop(pieces);
    assert!(matches!(end.await.unwrap(), Err(StageError::Work)));
    assert!(!stage.path(id, COMING).exists());
    assert!(all(&stage, id).await.is_err());
}

#[tokio::test]
async fn what_was_coming_in_when_the_gate_ended_is_thrown_away_and_what_waits_stays() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let (waits, _) = put(&stage, b"the patch").await;
    let broken = stage.path(FileId(Uuid::now_v7()), COMING);
    fs::write(&broken, b"half").unwrap();
    stage.forget_broken().await;
    assert!(!broken.exists());
    assert_eq!(all(&stage, waits).await.unwrap(), b"the patch");
}

#[tokio::test]
async fn one_file_never_stands_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let ((one, _), (other, _)) = (put(&stage, b"the patch").await, put(&stage, b"another").await);
    fs::copy(stage.path(other, WHOLE), stage.path(one, WHOLE)).unwrap();
    assert!(matches!(all(&stage, one).await, Err(StageError::Key(_))));
    stage.remove(other).await;
    assert!(all(&stage, other).await.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_damage_goes_unseen(at in any::<prop::sample::Index>(), flip in 1_u8.., cut in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let stage = stage(folder.path());
            let (id, _) = put(&stage, &vec![7; 2 * PIECE]).await;
            let path = stage.path(id, WHOLE);
            let mut kept = fs::read(&path).unwrap();
            let at = at.index(kept.len());
            if cut { kept.truncate(at) } else { kept[at] ^= flip }
            fs::write(&path, kept).unwrap();
            assert!(all(&stage, id).await.is_err());
        });
    }
}
