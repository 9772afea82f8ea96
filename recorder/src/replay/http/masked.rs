//! What a head holds that signs somebody in. The recording keeps it; readings of it show that it was there, and not what it
//! was, as browsers do when they export one.

use std::borrow::Cow;

/// Stands in the place of a value.
const MASKED: &str = "masked";
/// Schemes of signing in that are shown (IANA's registry, and what consoles use besides): another word may be the secret.
const SCHEMES: [&str; 12] = [
    "Basic",
    "Bearer",
    "Digest",
    "DPoP",
    "HOBA",
    "Negotiate",
    "NTLM",
    "OAuth",
    "VAPID",
    "Token",
    "ApiKey",
    "AWS4-HMAC-SHA256",
];

/// A field's value, as it is shown: of credentials the scheme (RFC 9110 §11.6.2), of cookies their names and attributes
/// (RFC 6265 §4).
pub(super) fn shown<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("authorization") || is("proxy-authorization") {
        let scheme = value.trim().split_once(' ').map(|(scheme, _)| scheme);
        let known = scheme.filter(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)));
        let scheme = known.map(|scheme| format!("{scheme} "));
        return format!("{}{MASKED}", scheme.unwrap_or_default()).into();
    }
    if is("cookie") {
        return value.split(';').map(pair).collect::<Vec<_>>().join(";").into();
    }
    if is("set-cookie") {
        let (first, rest) = value.split_once(';').map_or((value, None), |(first, rest)| (first, Some(rest)));
        return rest.map_or_else(|| pair(first), |rest| format!("{};{rest}", pair(first))).into();
    }
    Cow::Borrowed(value)
}

/// A name and its value; what has no name is all value, also where it is base64 and ends with padding.
fn pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) if !value.trim().trim_matches('=').is_empty() => format!("{name}={MASKED}"),
        _ => MASKED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_schemes_are_shown_and_values_are_not() {
        for (name, value, wanted) in [
            ("Authorization", "Basic c2VjcmV0", "Basic masked"),
            ("authorization", "key-1234", "masked"),
            ("authorization", "s3cret x", "masked"),
            ("cookie", "c2VjcmV0cw==", "masked"),
            ("cookie", "a=; b=1", "masked; b=masked"),
            ("Proxy-Authorization", "Digest username=\"x\", response=\"1\"", "Digest masked"),
            ("cookie", "a=1; b=x=y; bare", "a=masked; b=masked;masked"),
            ("Set-Cookie", "sid=abc; Path=/; HttpOnly", "sid=masked; Path=/; HttpOnly"),
            ("set-cookie", "sid=abc", "sid=masked"),
            ("accept", "a=1; b=2", "a=1; b=2"),
        ] {
            assert_eq!(shown(name, value), wanted, "{name}: {value}");
        }
    }

    proptest! {
        #[test]
        fn no_value_of_a_cookie_is_shown(names in "[a-z]{1,5}", value in "[0-9][0-9=]{0,19}", rest in "(; ?[a-z]{1,5}=[0-9]{1,9}){0,4}") {
            let field = format!("{names}={value}{rest}");
            prop_assert!(!shown("Cookie", &field).contains(|letter: char| letter.is_ascii_digit()));
            let set = format!("{names}={value}; Path=/x");
            prop_assert_eq!(shown("Set-Cookie", &set), format!("{names}=masked; Path=/x"));
        }
    }
}
