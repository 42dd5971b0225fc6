//! Compiled code on disk, so that each machine compiles a guest only once.
//!
//! A file is: magic, key, size and SHA-256 of the payload, payload. Files appear by rename, so that
//! readers see whole ones only; a file that is damaged nevertheless (by a full disk or a power cut,
//! since nothing is synced) fails its checksum, is not used, and is written again. The folder and
//! its files must belong to this process's user (or root) and nobody else may be able to write
//! them, since their content becomes machine code of this process.

use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

const MAGIC: &[u8; 8] = b"WASINNC\x01";
const HEADER_SIZE: usize = 8 + 32 + 8 + 32;
const EXTENSION: &str = "code";
const TEMPORARY: &str = "tmp";

/// Bytes of code files above which the least recently used ones are deleted.
const MAX_BYTES: u64 = 1 << 30;
/// A temporary file of this age was left by a process that died.
const STALE: Duration = Duration::from_secs(3600);

pub type Key = [u8; 32];

/// The key of a guest's code: the guest's content, and every setting of the engine that affects
/// code.
pub fn key(guest: &[u8], engine: &impl Hash) -> Key {
    let mut hasher = Sha256Hasher(Sha256::new());
    hasher.write(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).as_bytes());
    engine.hash(&mut hasher);
    hasher.write(&Sha256::digest(guest));
    hasher.0.finalize().into()
}

/// Collects the hashed bytes into a SHA-256, which, unlike `finish`, has no collisions.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        u64::from_le_bytes(digest[..8].try_into().unwrap())
    }
}

pub struct Cache {
    dir: PathBuf,
    max_bytes: u64,
}

impl Cache {
    /// Uses a folder, and creates it if necessary.
    pub fn open(dir: &Path) -> io::Result<Cache> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        only_ours(&fs::metadata(dir)?)?;
        Ok(Cache { dir: dir.to_owned(), max_bytes: MAX_BYTES })
    }

    fn path(&self, key: &Key) -> PathBuf {
        let mut name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        name.push('.');
        name.push_str(EXTENSION);
        self.dir.join(name)
    }

    /// The stored code; None if there is no intact code.
    pub fn get(&self, key: &Key) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(self.path(key)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        only_ours(&file.metadata()?)?;
        let mut header = [0; HEADER_SIZE];
        match file.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        let size = file.metadata()?.len().saturating_sub(HEADER_SIZE as u64);
        if header[..8] != *MAGIC || header[8..40] != *key || header[40..48] != size.to_le_bytes() {
            return Ok(None);
        }
        let mut payload = Vec::with_capacity(size as usize);
        file.read_to_end(&mut payload)?;
        if header[48..] != Sha256::digest(&payload)[..] {
            return Ok(None);
        }
        // Sets the time of the last use, for `trim`; this may fail in another user's folder.
        let _ = file.set_modified(SystemTime::now());
        Ok(Some(payload))
    }

    pub fn put(&self, key: &Key, payload: &[u8]) -> io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = self.path(key);
        let temporary = path.with_extension(format!("{}-{number}.{TEMPORARY}", std::process::id()));
        let written =
            write_file(&temporary, key, payload).and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        self.trim()
    }

    /// Deletes the leftovers of dead writers, and the least recently used code above the limit.
    fn trim(&self) -> io::Result<()> {
        let (mut codes, mut total) = (Vec::new(), 0);
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            // Another process may delete at the same time.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(TEMPORARY) if used.elapsed().is_ok_and(|age| age > STALE) => {
                    let _ = fs::remove_file(&path);
                }
                Some(EXTENSION) => {
                    total += metadata.len();
                    codes.push((used, metadata.len(), path));
                }
                _ => {}
            }
        }
        codes.sort();
        for (_, size, path) in codes {
            if total <= self.max_bytes {
                break;
            }
            total -= size;
            let _ = fs::remove_file(path);
        }
        Ok(())
    }
}

/// Whether nobody else can have written a file or folder.
fn only_ours(metadata: &Metadata) -> io::Result<()> {
    let user = unsafe { libc::geteuid() };
    let wrong = match (metadata.uid(), metadata.mode() & 0o022) {
        (owner, 0) if owner == user || owner == 0 => return Ok(()),
        (owner, 0) => format!("one of user {owner}, and this is user {user}"),
        _ => format!("mode {:03o}", metadata.mode() & 0o777),
    };
    let text = format!("expected one that only its owner can write to, given {wrong}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

fn write_file(path: &Path, key: &Key, payload: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(MAGIC)?;
    file.write_all(key)?;
    file.write_all(&(payload.len() as u64).to_le_bytes())?;
    file.write_all(&Sha256::digest(payload))?;
    file.write_all(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A cache in a folder of its own, deleted at the end.
    struct Scratch(Cache);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let name = format!("wasinn-cache-test-{}-{name}", std::process::id());
            Scratch(Cache::open(&std::env::temp_dir().join(name)).unwrap())
        }

        fn files(&self) -> Vec<PathBuf> {
            fs::read_dir(&self.0.dir).unwrap().map(|entry| entry.unwrap().path()).collect()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0.dir);
        }
    }

    const KEY: Key = [7; 32];

    #[test]
    fn key_depends_on_guest_and_engine() {
        let base = key(b"guest", &1u32);
        assert_eq!(base, key(b"guest", &1u32));
        assert_ne!(base, key(b"guest", &2u32));
        assert_ne!(base, key(b"guesu", &1u32));
    }

    #[test]
    fn stores_and_finds() {
        let scratch = Scratch::new("stores");
        assert_eq!(scratch.0.get(&KEY).unwrap(), None);
        scratch.0.put(&KEY, b"code").unwrap();
        assert_eq!(scratch.0.get(&KEY).unwrap().unwrap(), b"code");
        assert_eq!(scratch.0.get(&[8; 32]).unwrap(), None);
        scratch.0.put(&KEY, b"newer").unwrap();
        assert_eq!(scratch.0.get(&KEY).unwrap().unwrap(), b"newer");
        assert_eq!(scratch.files().len(), 1);
    }

    #[test]
    fn every_truncation_and_every_flipped_byte_is_ignored() {
        let scratch = Scratch::new("broken");
        scratch.0.put(&KEY, b"the code of a guest").unwrap();
        let path = scratch.0.path(&KEY);
        let whole = fs::read(&path).unwrap();
        for size in 0..whole.len() {
            fs::write(&path, &whole[..size]).unwrap();
            assert_eq!(scratch.0.get(&KEY).unwrap(), None, "cut at {size}");
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0x10;
            fs::write(&path, &broken).unwrap();
            assert_eq!(scratch.0.get(&KEY).unwrap(), None, "flipped at {at}");
        }
        let longer = [&whole[..], b"more"].concat();
        fs::write(&path, longer).unwrap();
        assert_eq!(scratch.0.get(&KEY).unwrap(), None);
        scratch.0.put(&KEY, b"again").unwrap();
        assert_eq!(scratch.0.get(&KEY).unwrap().unwrap(), b"again");
    }

    #[test]
    fn file_of_another_key_is_ignored() {
        let scratch = Scratch::new("renamed");
        scratch.0.put(&KEY, b"code").unwrap();
        fs::rename(scratch.0.path(&KEY), scratch.0.path(&[8; 32])).unwrap();
        assert_eq!(scratch.0.get(&[8; 32]).unwrap(), None);
    }

    #[test]
    fn concurrent_writers_leave_one_whole_file() {
        let scratch = Scratch::new("writers");
        let payload = |writer: u8| vec![writer; 100_000];
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let cache = &scratch.0;
                scope.spawn(move || {
                    for _ in 0..25 {
                        cache.put(&KEY, &payload(writer)).unwrap();
                        let read = cache.get(&KEY).unwrap().expect("a whole file at all times");
                        assert!(read.len() == 100_000 && read.iter().all(|byte| *byte == read[0]));
                    }
                });
            }
        });
        assert_eq!(scratch.files(), [scratch.0.path(&KEY)]);
    }

    #[test]
    fn old_code_and_stale_temporaries_are_deleted() {
        let mut scratch = Scratch::new("trim");
        scratch.0.max_bytes = 2 * (HEADER_SIZE as u64 + 100);
        let stale = scratch.0.dir.join("x.1-1.tmp");
        let fresh = scratch.0.dir.join("x.1-2.tmp");
        for path in [&stale, &fresh] {
            fs::write(path, b"half").unwrap();
        }
        let long_ago = SystemTime::now() - 2 * STALE;
        File::open(&stale).unwrap().set_modified(long_ago).unwrap();
        for (i, age) in [(1u8, 30), (2, 40), (3, 10)] {
            scratch.0.put(&[i; 32], &[0; 100]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(age);
            let path = scratch.0.path(&[i; 32]);
            if let Ok(file) = File::open(path) {
                file.set_modified(used).unwrap();
            }
        }
        assert!(!stale.exists() && fresh.exists());
        assert_eq!(scratch.0.get(&[2; 32]).unwrap(), None);
        assert!(scratch.0.get(&[1; 32]).unwrap().is_some());
        assert!(scratch.0.get(&[3; 32]).unwrap().is_some());
    }

    #[test]
    fn what_others_can_write_to_is_not_used() {
        let scratch = Scratch::new("shared");
        scratch.0.put(&KEY, b"code").unwrap();
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for mode in [0o777, 0o775, 0o702, 0o1777] {
            set_mode(&scratch.0.dir, mode);
            let error = Cache::open(&scratch.0.dir).err().unwrap().to_string();
            assert!(error.contains("only its owner can write to, given mode"), "{error}");
        }
        set_mode(&scratch.0.dir, 0o755);
        let cache = Cache::open(&scratch.0.dir).unwrap();
        assert!(cache.get(&KEY).unwrap().is_some());
        set_mode(&cache.path(&KEY), 0o666);
        assert!(cache.get(&KEY).is_err());
    }

    #[test]
    fn what_another_user_owns_is_not_used() {
        let scratch = Scratch::new("owner");
        scratch.0.put(&KEY, b"code").unwrap();
        // Only root may give files away.
        if std::os::unix::fs::chown(scratch.0.path(&KEY), Some(12345), None).is_err() {
            return;
        }
        let error = scratch.0.get(&KEY).unwrap_err().to_string();
        assert!(error.contains("given one of user 12345"), "{error}");
        std::os::unix::fs::chown(&scratch.0.dir, Some(12345), None).unwrap();
        assert!(Cache::open(&scratch.0.dir).is_err());
    }

    #[test]
    fn unusable_folder_is_an_error() {
        let scratch = Scratch::new("unusable");
        let file = scratch.0.dir.join("file");
        fs::write(&file, b"").unwrap();
        assert!(Cache::open(&file.join("below")).is_err());
    }
}
