//! Public keys from files: `.pub` files, `authorized_keys`, `known_hosts` and the output of `ssh-keyscan`.

use std::path::Path;

use super::outcome::Failure;

const MAX_KEY_FILE_BYTES: u64 = 1 << 20;

/// The public keys in a file, one `ALGORITHM BASE64` line each; at least one.
pub(crate) fn from_file(path: &Path) -> Result<Vec<String>, Failure> {
    let text = read(path)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(Failure::usage(format!(
            "{} is a private key; give the public one, {}.pub",
            path.display(),
            path.display()
        )));
    }
    let keys = keys(&text);
    if keys.is_empty() {
        return Err(Failure::usage(format!(
            "{} has no public key; right is a line such as `ssh-ed25519 AAAA…`",
            path.display()
        )));
    }
    Ok(keys)
}

/// A text file of bounded size.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::usage(format!("{} cannot be read: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > MAX_KEY_FILE_BYTES {
        return Err(wrong(format!("it has more than {MAX_KEY_FILE_BYTES} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

fn keys(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.starts_with('@')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let key = words.windows(2).find_map(|pair| match pair {
            [algorithm, base64] if is_algorithm(algorithm) => Some(format!("{algorithm} {base64}")),
            _ => None,
        });
        if let Some(key) = key
            && !found.contains(&key)
        {
            found.push(key);
        }
    }
    found
}

fn is_algorithm(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start)) && !word.contains(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_file_is_read() {
        assert_eq!(keys("ssh-ed25519 AAAA dana@laptop\n"), ["ssh-ed25519 AAAA"]);
        assert_eq!(
            keys("# gate:22 SSH-2.0\n[gate]:22 ssh-rsa BBBB\n|1|x=|y= ecdsa-sha2-nistp256 CCCC\n").len(),
            2
        );
        assert_eq!(keys("@cert-authority *.x ssh-ed25519 AAAA\n").len(), 0);
        assert_eq!(keys("a ssh-rsa B\nb ssh-rsa B\n").len(), 1);
        assert!(keys("hello\nssh-ed25519\n").is_empty());
    }
}
