//! Keys that OpenSSH made are read as it reads them, and nothing else is.

use proptest::prelude::*;

use super::*;

/// Made and measured by OpenSSH's `ssh-keygen`.
const MADE_BY_OPENSSH: [(&str, &str); 5] = [
    (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIlEzfHsdpjv1bnbEC379za4SKZf6pXH1XJ/jLGNbcPL",
        "SHA256:oQXhtVft+r+4A0AemsNrsnPi5tKAK8hqjHxIjepZhso",
    ),
    (
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIqq3wMfFOKpDiVfyqM5Len8lqWTd03z63ouksDwSIf7DmMi7VdYGMySBhDlNBtq4r9yypiIOljRvwgAfWwDcqc=",
        "SHA256:hVMOkDtoQggQzvKfZINHdZJNk8yzZnMGSbdwcL5SS7Y",
    ),
    (
        "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBJrlJAOTIJWIrvVt1pg26Z5QN50NX3Prsum6lVL71v1k/FLXttB+P+py/kzaMOHq5aES561NwH3u9ooDhnNENF9EuQ/iRpewre18lLrXLz26GclA64pth14LPzKjjzeUvA==",
        "SHA256:wk+E6mTSH3r6AvFnDuduhL5gF8XhJNK1yJZi1w2NQmI",
    ),
    (
        "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBABJa7LmEwtUNUlbl8rYC28NYXuquGoECjvWYIz4lRmFEqOmcTyMrvf3sC5WvWhNRSJYfiQnve8Iw2Vg2gd0jyhVAAHEvaoWfMlYz9eJFp7jp289EAicp/T+E2xLAFxUNSkM/GAEbdqyduDrLgmQVds0X/pLmd9lfBsfPKMU2t+7wAd0RQ==",
        "SHA256:kzlFLxwu/lrnSQTAXuS2fZGT7EG2parLvT+EyFE6sq0",
    ),
    (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCsGAlWEr+bbp5nkJo2pVM9WSGN1ZY4gdFbagvK9/yQJPU6JfFNsVncI6/U8nSVdUPgl+5lTR8A6bqpmqTCQkW8ufKx6c+7t/r7RCy9iDQw+h8z2cG52SCPVEl4sP/Kg77I9659mLuzW9B23JccMMKDy3K7nyYW2O6sWLzIXfg0Mo26PG/hTTLJg68AQGjL2nLMX5uMuBISWBtxv2FGoGkUf451ctT+qap8mu3wFHvxFgqm3K1GyHnx9r3h0ZLvLDBQYzECpHwYJM8Cqw25pjgiw0qNwQQ8Cv986kMLaRLGiMv6iYgKt7KfrRSK6F5Z3P2ZBbKRoPNITIosJbXYaPZX",
        "SHA256:O9zNCc7SNSdtdsxCMSmiEiblYM7keXe9q2KcXT55aLk",
    ),
];

const ED25519: &str = MADE_BY_OPENSSH[0].0;

fn line(kind: &str, fields: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for field in [kind.as_bytes()].iter().chain(fields) {
        blob.extend_from_slice(&u32::try_from(field.len()).unwrap().to_be_bytes());
        blob.extend_from_slice(field);
    }
    format!("{kind} {}", STANDARD.encode(blob))
}

fn read(text: &str) -> Result<(), KeyFault> {
    text.parse::<PublicKey>().map(drop)
}

/// A positive mpint of so many bits, odd.
fn mpint(bits: usize) -> Vec<u8> {
    let mut number = vec![0; bits.div_ceil(8)];
    number[0] |= 1 << ((bits - 1) % 8);
    *number.last_mut().unwrap() |= 1;
    if number[0] >= 0x80 {
        number.insert(0, 0);
    }
    number
}

#[test]
fn every_kind_reads_as_openssh_made_it_and_has_its_fingerprint() {
    for (key, fingerprint) in MADE_BY_OPENSSH {
        let text = format!("# for the gate\r\n\r\n  {key}   dana@laptop, the new one\r\n");
        let parsed = PublicKey::parse(&text).unwrap();
        assert_eq!((parsed.openssh(), parsed.fingerprint()), (key, fingerprint));
        assert_eq!(PublicKey::parse(parsed.openssh()).unwrap(), parsed);
        assert_eq!(super::fingerprint(parsed.blob()), fingerprint);
    }
}

#[test]
fn security_keys_are_read_with_their_application() {
    let point = [&[4][..], &[7; 64]].concat();
    assert_eq!(read(&line("sk-ssh-ed25519@openssh.com", &[&[7; 32], b"ssh:"])), Ok(()));
    assert_eq!(read(&line("sk-ecdsa-sha2-nistp256@openssh.com", &[b"nistp256", &point, b"ssh:"])), Ok(()));
    assert_eq!(read(&line("sk-ssh-ed25519@openssh.com", &[&[7; 32]])), Err(KeyFault::Data));
    assert_eq!(read(&line("sk-ssh-ed25519@openssh.com", &[&[7; 32], b""])), Err(KeyFault::Data));
}

#[test]
fn private_keys_are_told_from_public_ones() {
    for armour in ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        assert_eq!(read(&format!("-----BEGIN {armour}-----\nb3Blbn\n")), Err(KeyFault::Private), "{armour}");
    }
    assert_eq!(read("PuTTY-User-Key-File-3: ssh-ed25519\n"), Err(KeyFault::Private));
    assert_eq!(read(&format!("{ED25519} not my PRIVATE KEY")), Ok(()), "a comment is free text");
}

#[test]
fn what_is_no_key_says_what_would_be_right() {
    assert_eq!(read(""), Err(KeyFault::Form));
    assert_eq!(read("hello"), Err(KeyFault::Form));
    assert_eq!(read("ssh-dss AAAA"), Err(KeyFault::Kind("ssh-dss".to_owned())));
    assert_eq!(read("\u{1b}[31mssh-rsa AAAA"), Err(KeyFault::Kind("[31mssh-rsa".to_owned())));
    assert_eq!(read(&format!("{ED25519}\n{ED25519}")), Err(KeyFault::Several));
    assert_eq!(read(&format!("from=\"10.0.0.0/8\",no-pty {ED25519}")), Err(KeyFault::Options));
    assert_eq!(read("ssh-ed25519-cert-v01@openssh.com AAAA"), Err(KeyFault::Certificate));
    assert_eq!(read(&"a".repeat(MAX_BYTES + 1)), Err(KeyFault::TooLong));
    assert_eq!(read("ssh-ed25519 AAAA"), Err(KeyFault::Data));
    assert_eq!(read("ssh-ed25519 !"), Err(KeyFault::Data));
}

#[test]
fn data_of_another_kind_or_with_something_behind_it_is_damaged() {
    let point = |bytes: usize| [&[4][..], &vec![7; bytes - 1]].concat();
    for (kind, fields) in [
        ("ssh-ed25519", vec![vec![7; 31]]),
        ("ssh-ed25519", vec![vec![7; 32], b"more".to_vec()]),
        ("ecdsa-sha2-nistp256", vec![b"nistp384".to_vec(), point(65)]),
        ("ecdsa-sha2-nistp256", vec![b"".to_vec(), point(65)]),
        ("ecdsa-sha2-nistp256", vec![b"nistp256".to_vec(), point(97)]),
        ("ecdsa-sha2-nistp256", vec![b"nistp256".to_vec(), vec![2; 33]]),
        ("ecdsa-sha2-nistp256", vec![b"nistp256".to_vec()]),
    ] {
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        assert_eq!(read(&line(kind, &fields)), Err(KeyFault::Data), "{kind} {fields:?}");
    }
    let inner = line("ssh-rsa", &[&[3], &mpint(2048)]).replace("ssh-rsa ", "ssh-ed25519 ");
    assert_eq!(read(&inner), Err(KeyFault::Data), "the line and its data disagree");
}

#[test]
fn rsa_keys_have_a_safe_size_and_one_form() {
    let rsa = |exponent: &[u8], modulus: &[u8]| read(&line("ssh-rsa", &[exponent, modulus]));
    for bits in [2048, 2049, 3072, 4096, 8192] {
        assert_eq!(rsa(&[1, 0, 1], &mpint(bits)), Ok(()), "{bits}");
    }
    for bits in [512, 1024, 2047, 8193] {
        assert_eq!(rsa(&[1, 0, 1], &mpint(bits)), Err(KeyFault::Size(bits)));
    }
    let padded = [&[0][..], &mpint(2048)].concat();
    assert_eq!(rsa(&[1, 0, 1], &padded), Err(KeyFault::Data), "a longer form of the same number");
    assert_eq!(rsa(&[1, 0, 1], &mpint(2048)[1..]), Err(KeyFault::Data), "a negative number");
    for exponent in [&[][..], &[1], &[2], &[0], &[1, 0, 0, 0, 1]] {
        assert_eq!(rsa(exponent, &mpint(2048)), Err(KeyFault::Data), "{exponent:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..Kind::ALL.len(), text in "\\PC*") {
        drop(check(Kind::ALL[kind], &bytes));
        drop(read(&format!("{} {}", Kind::ALL[kind].name, STANDARD.encode(&bytes))));
        drop(read(&text));
    }

    #[test]
    fn a_key_that_is_cut_is_never_read(which in 0..MADE_BY_OPENSSH.len(), at in any::<prop::sample::Index>()) {
        let key = PublicKey::parse(MADE_BY_OPENSSH[which].0).unwrap();
        let kind = Kind::named(key.openssh().split(' ').next().unwrap()).unwrap();
        prop_assert!(check(kind, &key.blob()[..at.index(key.blob().len())]).is_err());
    }

    #[test]
    fn what_is_read_prints_and_reads_the_same(point in any::<[u8; 32]>(), comment in "[ -~]{0,40}") {
        let text = line("ssh-ed25519", &[&point]);
        let key = PublicKey::parse(&format!("{text} {comment}")).unwrap();
        prop_assert_eq!(key.openssh(), text.as_str());
        prop_assert_eq!(PublicKey::parse(&key.to_string()).unwrap(), key);
    }
}
