//! Text and numbers as HTML.

use std::fmt::Write;

/// Text that can stand anywhere in a page, attributes included.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// With commas between groups of three digits: 1,234,567.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, large numbers grouped.
pub(super) fn figure(number: f64) -> String {
    match number.abs() {
        100.0.. => grouped(number.round().max(0.0) as u64),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// A ratio of speeds.
pub(super) fn times(ratio: f64) -> String {
    format!("{ratio:.2}×")
}

/// Microseconds, or what is easier to read.
pub(super) fn microseconds(time: f64) -> String {
    match time {
        1e6.. => format!("{} s", figure(time / 1e6)),
        1e3.. => format!("{} ms", figure(time / 1e3)),
        _ => format!("{} µs", figure(time)),
    }
}

/// Terms and what is to be said about them; the latter is HTML.
pub(super) fn definitions<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut html = String::from("<dl>\n");
    for (term, description) in pairs {
        let _ = writeln!(
            html,
            "<div><dt>{}</dt><dd>{description}</dd></div>",
            escape(term)
        );
    }
    html + "</dl>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes() {
        let text = escape("<a href='x' id=\"y\">&");
        assert_eq!(text, "&lt;a href=&#39;x&#39; id=&quot;y&quot;&gt;&amp;");
    }

    #[test]
    fn numbers() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(figure(0.456), "0.46");
        assert_eq!(figure(45.67), "45.7");
        assert_eq!(figure(4567.8), "4,568");
        assert_eq!(microseconds(12.34), "12.3 µs");
        assert_eq!(microseconds(1234.0), "1.23 ms");
        assert_eq!(microseconds(2e6), "2.00 s");
    }
}
