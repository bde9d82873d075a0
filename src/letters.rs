//! Upper and lower case of any alphabet, by the browser's tables: those of Rust would be 24 KB of the download.

/// In lower case.
pub fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { of_any_alphabet::lower(text) }
}

/// One sign in lower case; of the few that become two, the first.
pub fn lower_sign(sign: char) -> char {
    if sign.is_ascii() {
        return sign.to_ascii_lowercase();
    }
    lower(sign.encode_utf8(&mut [0; 4])).chars().next().unwrap_or(sign)
}

/// In upper case.
pub fn upper(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { of_any_alphabet::upper(text) }
}

/// With a large first letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| upper(first.encode_utf8(&mut [0; 4])) + letters.as_str())
}

#[cfg(target_arch = "wasm32")]
mod of_any_alphabet {
    use js_sys::JsString;

    pub(super) fn lower(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    pub(super) fn upper(text: &str) -> String {
        JsString::from(text).to_upper_case().into()
    }
}

/// For tests that run outside a browser.
#[cfg(not(target_arch = "wasm32"))]
mod of_any_alphabet {
    pub(super) fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    pub(super) fn upper(text: &str) -> String {
        text.to_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_any_alphabet_change_case() {
        assert_eq!(
            (lower("Öl ÅSA Жук"), upper("öl åsa жук")),
            ("öl åsa жук".to_owned(), "ÖL ÅSA ЖУК".to_owned())
        );
        assert_eq!(['A', 'Ö', 'ß', 'İ'].map(lower_sign), ['a', 'ö', 'ß', 'i']);
        assert_eq!([capital(""), capital("open"), capital("élan"), capital("Ö")], ["", "Open", "Élan", "Ö"]);
    }
}
